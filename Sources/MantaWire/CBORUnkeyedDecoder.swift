struct CBORUnkeyedDecoder: UnkeyedDecodingContainer {
    let core: CBORDecoderCore
    let frame: FrameReference
    let items: CBORItems
    /// The next element. Kept here and not in the frame: a copy of a container reads on by itself.
    var cursor: Int
    var currentIndex = 0

    init(core: CBORDecoderCore, frame: FrameReference, items: CBORItems, cursor: Int) {
        self.core = core
        self.frame = frame
        self.items = items
        self.cursor = cursor
    }

    var codingPath: [any CodingKey] { core.codingPath(of: frame) }

    var count: Int? { items.count }

    var isAtEnd: Bool {
        if let count = items.count { return currentIndex == count }
        return core.reader(at: cursor).peek == CBOR.breakByte
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd else { throw core.noElement(Any?.self, at: currentIndex, frame) }
        var reader = core.reader(at: cursor)
        guard try reader.takeNil() else { return false }
        advance(to: reader.cursor)
        return true
    }

    mutating func decode(_ type: Bool.Type) throws -> Bool { try scalar(type) }
    mutating func decode(_ type: String.Type) throws -> String { try scalar(type) }
    mutating func decode(_ type: Double.Type) throws -> Double { try scalar(type) }
    mutating func decode(_ type: Float.Type) throws -> Float { try scalar(type) }
    mutating func decode(_ type: Int.Type) throws -> Int { try scalar(type) }
    mutating func decode(_ type: Int8.Type) throws -> Int8 { try scalar(type) }
    mutating func decode(_ type: Int16.Type) throws -> Int16 { try scalar(type) }
    mutating func decode(_ type: Int32.Type) throws -> Int32 { try scalar(type) }
    mutating func decode(_ type: Int64.Type) throws -> Int64 { try scalar(type) }
    mutating func decode(_ type: Int128.Type) throws -> Int128 { try scalar(type) }
    mutating func decode(_ type: UInt.Type) throws -> UInt { try scalar(type) }
    mutating func decode(_ type: UInt8.Type) throws -> UInt8 { try scalar(type) }
    mutating func decode(_ type: UInt16.Type) throws -> UInt16 { try scalar(type) }
    mutating func decode(_ type: UInt32.Type) throws -> UInt32 { try scalar(type) }
    mutating func decode(_ type: UInt64.Type) throws -> UInt64 { try scalar(type) }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try scalar(type) }

    mutating func decodeIfPresent(_ type: Bool.Type) throws -> Bool? { try optional(type) }
    mutating func decodeIfPresent(_ type: String.Type) throws -> String? { try optional(type) }
    mutating func decodeIfPresent(_ type: Double.Type) throws -> Double? { try optional(type) }
    mutating func decodeIfPresent(_ type: Float.Type) throws -> Float? { try optional(type) }
    mutating func decodeIfPresent(_ type: Int.Type) throws -> Int? { try optional(type) }
    mutating func decodeIfPresent(_ type: Int8.Type) throws -> Int8? { try optional(type) }
    mutating func decodeIfPresent(_ type: Int16.Type) throws -> Int16? { try optional(type) }
    mutating func decodeIfPresent(_ type: Int32.Type) throws -> Int32? { try optional(type) }
    mutating func decodeIfPresent(_ type: Int64.Type) throws -> Int64? { try optional(type) }
    mutating func decodeIfPresent(_ type: Int128.Type) throws -> Int128? { try optional(type) }
    mutating func decodeIfPresent(_ type: UInt.Type) throws -> UInt? { try optional(type) }
    mutating func decodeIfPresent(_ type: UInt8.Type) throws -> UInt8? { try optional(type) }
    mutating func decodeIfPresent(_ type: UInt16.Type) throws -> UInt16? { try optional(type) }
    mutating func decodeIfPresent(_ type: UInt32.Type) throws -> UInt32? { try optional(type) }
    mutating func decodeIfPresent(_ type: UInt64.Type) throws -> UInt64? { try optional(type) }
    mutating func decodeIfPresent(_ type: UInt128.Type) throws -> UInt128? { try optional(type) }

    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
        guard !isAtEnd else { throw core.noElement(type, at: currentIndex, frame) }
        var reader = core.reader(at: cursor)
        let value = try core.decode(
            type,
            from: &reader,
            parent: core.index(frame),
            key: .element(currentIndex)
        )
        advance(to: reader.cursor)
        return value
    }

    mutating func decodeIfPresent<T: Decodable>(_ type: T.Type) throws -> T? {
        try takeNil() ? nil : try decode(type)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) throws -> KeyedDecodingContainer<NestedKey> {
        try nested { decoder in try decoder.container(keyedBy: type) }
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try nested { decoder in try decoder.unkeyedContainer() }
    }

    mutating func superDecoder() throws -> any Decoder {
        try nested { decoder in decoder }
    }

    // MARK: Elements

    @inline(__always)
    private mutating func scalar<T: CBORScalar>(_ type: T.Type) throws -> T {
        guard !isAtEnd else { throw core.noElement(type, at: currentIndex, frame) }
        var reader = core.reader(at: cursor)
        do {
            let value = try T.read(from: &reader)
            advance(to: reader.cursor)
            return value
        } catch {
            throw core.explain(
                error,
                type,
                at: cursor,
                parent: core.index(frame),
                key: .element(currentIndex)
            )
        }
    }

    @inline(__always)
    private mutating func optional<T: CBORScalar>(_ type: T.Type) throws -> T? {
        try takeNil() ? nil : try scalar(type)
    }

    /// Also true behind the last element, as `decodeIfPresent` has it.
    private mutating func takeNil() throws -> Bool {
        try isAtEnd || decodeNil()
    }

    /// Moves past the element only when the container asked for could be made of it.
    private mutating func nested<R>(_ body: (CBORDecoder) throws -> R) throws -> R {
        guard !isAtEnd else { throw core.noElement(R.self, at: currentIndex, frame) }
        let parent = core.index(frame)
        let depth = core.depth(inside: parent)
        var reader = core.reader(at: cursor)
        try reader.skipItem(depth: Int(depth))
        let nested = DecodeFrame(start: cursor, key: .element(currentIndex), parent: parent, depth: depth)
        let result = try body(CBORDecoder(core: core, frame: core.push(nested), start: cursor))
        advance(to: reader.cursor)
        return result
    }

    @inline(__always)
    private mutating func advance(to offset: Int) {
        cursor = offset
        currentIndex &+= 1
        core.advance(frame, to: offset, after: (items.count ?? 0) &- currentIndex)
    }
}
