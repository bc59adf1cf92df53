/// The wire format of values: CBOR (RFC 8949) with typed arrays (RFC 8746), read and written through
/// `Codable`.
///
/// Written are shortest integers and floats and definite lengths. Keyed containers are maps with text keys,
/// `nil` is `null`, `[UInt8]` and ``WireByteString`` are byte strings, arrays of other numbers are typed
/// arrays. Read is any well-formed CBOR: also indefinite lengths, unknown tags, `undefined` for `nil`, keys
/// in any order and unknown ones. Of equal keys in a map the first counts.
package enum CBOR {
    /// How many arrays and maps may lie in one another, for reading and for writing.
    ///
    /// Reading recurses through the program's own `init(from:)`, and threads have stacks of 512 KiB and up.
    package static let depthLimit = 256

    /// Appends one CBOR item.
    ///
    /// On an error the writer is as before.
    ///
    /// - Throws: What the value's own `encode(to:)` throws, and `EncodingError` for values nested too deeply.
    @inlinable
    package static func encode<T: Encodable>(_ value: T, into writer: ByteWriter) throws {
        // In a specialisation one of these is true or none is there; each cast is to the same type.
        if T.self == Int.self {
            writer.storage.pointee.appendInteger(unsafeBitCast(value, to: Int.self))
        } else if T.self == Bool.self {
            writer.storage.pointee.append(unsafeBitCast(value, to: Bool.self))
        } else if T.self == Double.self {
            writer.storage.pointee.append(unsafeBitCast(value, to: Double.self))
        } else if T.self == String.self {
            writer.storage.pointee.append(unsafeBitCast(value, to: String.self))
        } else {
            try encodeOther(value, into: writer, userInfo: nil)
        }
    }

    /// Appends one CBOR item whose `encode(to:)` finds `userInfo` in its encoder.
    ///
    /// Apart from ``encode(_:into:)``, which most calls use, because making an empty dictionary takes time.
    package static func encode<T: Encodable>(
        _ value: T,
        into writer: ByteWriter,
        userInfo: [CodingUserInfoKey: any Sendable]
    ) throws {
        // A scalar has no use for it, and the other way builds an encoder.
        if T.self == Int.self || T.self == Bool.self || T.self == Double.self || T.self == String.self {
            return try encode(value, into: writer)
        }
        try encodeOther(value, into: writer, userInfo: userInfo)
    }

    @usableFromInline
    static func encodeOther<T: Encodable>(
        _ value: T,
        into writer: ByteWriter,
        userInfo: [CodingUserInfoKey: any Sendable]?
    ) throws {
        // Taken out while in use: should an encode(to:) come back here with this writer, it gets another.
        let core = writer.spareEncoder.take() ?? .make()
        if let userInfo { core.userInfo = userInfo }
        let mark = writer.count
        defer {
            core.reset()
            writer.spareEncoder = core
        }
        do {
            try core.encode(value, to: writer.storage, parent: -1, key: .none)
            if !core.state.pointee.attachments.isEmpty {
                writer.attachments += core.state.pointee.attachments
            }
        } catch {
            writer.truncate(to: mark)
            throw error
        }
    }

    /// Encodes one value into bytes of its own.
    package static func encode<T: Encodable>(
        _ value: T,
        userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws -> [UInt8] {
        let writer = ByteWriter()
        try encode(value, into: writer, userInfo: userInfo)
        return [UInt8](writer.bytes)
    }

    /// Moves past one item without building it.
    ///
    /// Checks that the item is well formed and no deeper than ``depthLimit``; text is not checked to be
    /// UTF-8. On an error the reader stays where it was.
    package static func skip(_ reader: inout ByteReader) throws(WireError) {
        var ahead = reader
        try ahead.skipItem()
        reader = ahead
    }
}
