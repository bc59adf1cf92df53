// The head of a CBOR item (RFC 8949, section 3), big-endian:
//
//   byte 0     bits 7-5  major type: 0 unsigned integer, 1 negative integer (-1 - argument), 2 byte string,
//                        3 text string, 4 array, 5 map, 6 tag, 7 simple value, float or break
//              bits 4-0  0-23 the argument itself; 24, 25, 26, 27 it follows in 1, 2, 4, 8 bytes;
//                        28-30 reserved; 31 indefinite length (major types 2-5), break (major type 7)
//   byte 1...  the argument, if it follows
//
// Behind the head come, for major types 2 and 3, as many bytes as the argument says; for 4 and 5, as many
// items or pairs; for 6, one item. For major type 7 the argument is the value.

/// The first bytes of a CBOR item: what it is, and its length or value.
struct CBORHead {
    var major: UInt8
    /// The low five bits of the first byte.
    var info: UInt8
    /// The integer, length, tag or float bits; zero when the length is indefinite.
    var argument: UInt64

    var isIndefinite: Bool { info == 31 }
    var isBreak: Bool { major == 7 && info == 31 }
    /// `null` or `undefined`: both stand for `nil`.
    var isNil: Bool { major == 7 && (info == 22 || info == 23) }
}

extension CBOR {
    static let breakByte: UInt8 = 0xFF
    static let null: UInt8 = 0xF6
    static let emptyMap: UInt8 = 0xA0
}

extension ByteReader {
    /// Reads a head, and for strings, arrays and maps checks that what it announces can be in the input at
    /// all.
    mutating func readHead() throws(WireError) -> CBORHead {
        guard let first = peek else { throw missing(1) }
        cursor &+= 1
        var head = CBORHead(major: first >> 5, info: first & 31, argument: UInt64(first & 31))
        // Integers, tags and simple values up to 23 announce nothing that could be too much.
        if head.info < 24 && (head.major < 2 || head.major > 5) { return head }
        switch head.info {
        case 0..<24: break
        case 24: head.argument = UInt64(try readBigEndian(UInt8.self))
        case 25: head.argument = UInt64(try readBigEndian(UInt16.self))
        case 26: head.argument = UInt64(try readBigEndian(UInt32.self))
        case 27: head.argument = try readBigEndian(UInt64.self)
        case 31 where (2...5).contains(head.major) || head.major == 7: head.argument = 0
        default: throw malformed("byte \(first) starts no item", at: cursor &- 1)
        }
        switch head.major {
        case 2, 3, 4:
            if head.argument > UInt64(remaining) { throw announcesTooMuch(head) }
        case 5:
            if head.argument > UInt64(remaining) / 2 { throw announcesTooMuch(head) }
        case 7 where head.info == 24 && head.argument < 32:
            throw malformed("simple value \(head.argument) must not take two bytes", at: cursor &- 2)
        default: break
        }
        return head
    }

    /// Reads a head and whatever tags stand in front of it.
    mutating func readUntaggedHead() throws(WireError) -> CBORHead {
        var head = try readHead()
        while head.major == 6 { head = try readHead() }
        return head
    }

    /// Moves past a break byte and says whether there was one.
    mutating func takeBreak() throws(WireError) -> Bool {
        guard let next = peek else { throw missing(1) }
        if next == CBOR.breakByte { cursor &+= 1 }
        return next == CBOR.breakByte
    }

    /// Moves past a `null` or `undefined`, tagged or not, and says whether there was one.
    mutating func takeNil() throws(WireError) -> Bool {
        guard let next = peek else { throw missing(1) }
        if next == 0xF6 || next == 0xF7 {
            cursor &+= 1
            return true
        }
        guard next >> 5 == 6 else { return false }
        var ahead = self
        guard try ahead.readUntaggedHead().isNil else { return false }
        self = ahead
        return true
    }

    @inline(__always)
    private mutating func readBigEndian<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type
    ) throws(WireError) -> T {
        try read(T.self).byteSwapped
    }

    @inline(never)
    func malformed(_ message: String, at offset: Int) -> WireError {
        WireError(.malformed, "\(message), at offset \(offset)")
    }

    @inline(never)
    private func announcesTooMuch(_ head: CBORHead) -> WireError {
        let noun = ["", "", "bytes", "bytes of text", "elements", "pairs"][Int(head.major)]
        return WireError(
            .truncated,
            "\(head.argument) \(noun) announced before offset \(offset), \(remaining) bytes left"
        )
    }
}
