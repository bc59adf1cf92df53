struct CBORKeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let core: CBORDecoderCore
    let frame: FrameReference
    let items: CBORItems

    var codingPath: [any CodingKey] { core.codingPath(of: frame) }

    var allKeys: [Key] {
        // A loop, as `compactMap` makes the runtime look up its generic closure and result for each `Key`.
        var keys: [Key] = []
        for name in core.names(in: items, frame) {
            if let key = Self.key(name) { keys.append(key) }
        }
        return keys
    }

    /// A key type may know only the number of an integer key.
    private static func key(_ name: String) -> Key? {
        if let key = Key(stringValue: name) { return key }
        guard let number = Int(name), let key = Key(intValue: number), key.stringValue == name else {
            return nil
        }
        return key
    }

    /// Malformed input has no key; reading on from here reports why.
    func contains(_ key: Key) -> Bool { (try? core.locate(key.stringValue, in: items, frame)) != nil }

    func decodeNil(forKey key: Key) throws -> Bool {
        try takeNil(try find(key)) != nil
    }

    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try scalar(type, try find(key)) }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try scalar(type, try find(key)) }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try scalar(type, try find(key)) }
    func decode(_ type: Float.Type, forKey key: Key) throws -> Float { try scalar(type, try find(key)) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try scalar(type, try find(key)) }
    func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { try scalar(type, try find(key)) }
    func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { try scalar(type, try find(key)) }
    func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { try scalar(type, try find(key)) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try scalar(type, try find(key)) }
    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try scalar(type, try find(key)) }
    func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { try scalar(type, try find(key)) }
    func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { try scalar(type, try find(key)) }
    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try scalar(type, try find(key)) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try scalar(type, try find(key)) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try scalar(type, try find(key)) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try scalar(type, try find(key)) }

    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try optional(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { try optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try optional(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { try optional(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { try optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try optional(type, key) }
    func decodeIfPresent(_ type: Int128.Type, forKey key: Key) throws -> Int128? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try optional(type, key) }
    func decodeIfPresent(_ type: UInt128.Type, forKey key: Key) throws -> UInt128? { try optional(type, key) }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        try value(type, try find(key))
    }

    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
        guard let pair = try core.locate(key.stringValue, in: items, frame), try takeNil(pair) == nil else {
            return nil
        }
        return try value(type, pair)
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try superDecoder(forKey: key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try superDecoder(forKey: key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder {
        guard let pair = try core.locate(WireKey.superclass, in: items, frame) else {
            throw core.keyNotFound(WireKey(stringValue: WireKey.superclass), frame)
        }
        return nested(pair)
    }

    func superDecoder(forKey key: Key) throws -> any Decoder { nested(try find(key)) }

    // MARK: Pairs

    @inline(__always)
    private func find(_ key: Key) throws -> CBORPair {
        guard let pair = try core.locate(key.stringValue, in: items, frame) else {
            throw core.keyNotFound(key, frame)
        }
        return pair
    }

    @inline(__always)
    private func scalar<T: CBORScalar>(_ type: T.Type, _ pair: CBORPair) throws -> T {
        var reader = core.reader(at: pair.value)
        do {
            let value = try T.read(from: &reader)
            core.advance(frame, to: reader.cursor, after: pair.after)
            return value
        } catch {
            throw core.explain(
                error,
                type,
                at: pair.value,
                parent: core.index(frame),
                key: .text(at: pair.key)
            )
        }
    }

    @inline(__always)
    private func optional<T: CBORScalar>(_ type: T.Type, _ key: Key) throws -> T? {
        guard let pair = try core.locate(key.stringValue, in: items, frame), try takeNil(pair) == nil else {
            return nil
        }
        return try scalar(type, pair)
    }

    private func value<T: Decodable>(_ type: T.Type, _ pair: CBORPair) throws -> T {
        var reader = core.reader(at: pair.value)
        let value = try core.decode(type, from: &reader, parent: core.index(frame), key: .text(at: pair.key))
        core.advance(frame, to: reader.cursor, after: pair.after)
        return value
    }

    /// Moves past the pair if its value is `nil`; otherwise returns `nil` and stays.
    @inline(__always)
    private func takeNil(_ pair: CBORPair) throws(WireError) -> Void? {
        var reader = core.reader(at: pair.value)
        guard try reader.takeNil() else { return nil }
        core.advance(frame, to: reader.cursor, after: pair.after)
        return ()
    }

    /// Nothing is read yet: where the value ends is known when it and this container are complete.
    private func nested(_ pair: CBORPair) -> CBORDecoder {
        let parent = core.index(frame)
        var nested = DecodeFrame(
            start: pair.value,
            key: .text(at: pair.key),
            parent: parent,
            depth: core.depth(inside: parent)
        )
        nested.isNested = true
        return CBORDecoder(core: core, frame: core.push(nested), start: pair.value)
    }
}
