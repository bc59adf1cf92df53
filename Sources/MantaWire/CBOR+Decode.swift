extension CBOR {
    /// Reads one CBOR item and moves the reader past it.
    ///
    /// On an error the reader stays where it was.
    ///
    /// - Throws: `DecodingError` when the item does not fit the type, ``WireError`` when the bytes are not
    ///   well-formed CBOR or nested too deeply, and what the type's own `init(from:)` throws.
    @inlinable
    package static func decode<T: Decodable>(_ type: T.Type, from reader: inout ByteReader) throws -> T {
        // In a specialisation one of these is true or none is there; each cast is to the same type.
        if T.self == Int.self {
            return unsafeBitCast(try decodeInt(from: &reader), to: T.self)
        } else if T.self == Bool.self {
            return unsafeBitCast(try decodeBool(from: &reader), to: T.self)
        } else if T.self == Double.self {
            return unsafeBitCast(try decodeDouble(from: &reader), to: T.self)
        } else if T.self == String.self {
            return unsafeBitCast(try decodeString(from: &reader), to: T.self)
        }
        return try decodeOther(type, from: &reader, userInfo: nil)
    }

    /// Reads one CBOR item whose `init(from:)` finds `userInfo` in its decoder.
    ///
    /// Apart from ``decode(_:from:)`` because making an empty dictionary takes time.
    package static func decode<T: Decodable>(
        _ type: T.Type,
        from reader: inout ByteReader,
        userInfo: [CodingUserInfoKey: any Sendable]
    ) throws -> T {
        // A scalar has no use for it, and the other way builds a decoder.
        if T.self == Int.self || T.self == Bool.self || T.self == Double.self || T.self == String.self {
            return try decode(type, from: &reader)
        }
        return try decodeOther(type, from: &reader, userInfo: userInfo)
    }

    /// Decodes one value from bytes that hold nothing else.
    ///
    /// - Throws: As ``decode(_:from:userInfo:)``, and ``WireError`` with code `trailingBytes`.
    package static func decode<T: Decodable>(
        _ type: T.Type,
        from bytes: [UInt8],
        userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws -> T {
        try bytes.withUnsafeBytes { bytes in
            var reader = ByteReader(bytes)
            let value = try decode(type, from: &reader, userInfo: userInfo)
            guard reader.isAtEnd else {
                throw WireError(
                    .trailingBytes,
                    "\(reader.remaining) bytes follow the item that ends at offset \(reader.offset)"
                )
            }
            return value
        }
    }

    @usableFromInline
    static func decodeInt(from reader: inout ByteReader) throws -> Int { try decodeScalar(from: &reader) }

    @usableFromInline
    static func decodeBool(from reader: inout ByteReader) throws -> Bool { try decodeScalar(from: &reader) }

    @usableFromInline
    static func decodeDouble(from reader: inout ByteReader) throws -> Double {
        try decodeScalar(from: &reader)
    }

    @usableFromInline
    static func decodeString(from reader: inout ByteReader) throws -> String {
        try decodeScalar(from: &reader)
    }

    @inline(__always)
    private static func decodeScalar<T: CBORScalar & Decodable>(from reader: inout ByteReader) throws -> T {
        let start = reader
        do {
            return try T.read(from: &reader)
        } catch {
            reader = start
            throw CBORDecoderCore.make(reader.bytes, userInfo: nil)
                .explain(error, T.self, at: start.offset, parent: -1, key: .none)
        }
    }

    @usableFromInline
    static func decodeOther<T: Decodable>(
        _ type: T.Type,
        from reader: inout ByteReader,
        userInfo: [CodingUserInfoKey: any Sendable]?
    ) throws -> T {
        let core = CBORDecoderCore.make(reader.bytes, userInfo: userInfo)
        defer { core.close() }
        var ahead = reader
        let value = try core.decode(type, from: &ahead, parent: -1, key: .none)
        reader = ahead
        return value
    }
}
