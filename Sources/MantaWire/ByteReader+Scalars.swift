extension ByteReader {
    /// Reads an integer of any width, or a bignum (tags 2 and 3) whose value fits.
    mutating func readLongInteger<T: FixedWidthInteger>() throws(WireError) -> T {
        let start = cursor
        var tag: UInt64?
        var head = try readHead()
        while head.major == 6 {
            tag = head.argument
            head = try readHead()
        }
        switch head.major {
        case 0:
            guard let value = T(exactly: head.argument) else {
                throw outOfRange(T.self, "\(head.argument)", at: start)
            }
            return value
        case 1:
            // ~x is -1 - x, and does not overflow.
            guard T.isSigned, let value = T(exactly: head.argument) else {
                throw outOfRange(T.self, "-1-\(head.argument)", at: start)
            }
            return ~value
        case 2 where tag == 2 || tag == 3:
            return try readBignum(head, isNegative: tag == 3, at: start)
        default:
            throw mismatch(T.self, found: head, at: start)
        }
    }

    private mutating func readBignum<T: FixedWidthInteger>(
        _ head: CBORHead,
        isNegative: Bool,
        at start: Int
    ) throws(WireError) -> T {
        var magnitude: UInt128 = 0
        for byte in try readBody(of: head) {
            guard magnitude.leadingZeroBitCount >= 8 else { throw outOfRange(T.self, "a bignum", at: start) }
            magnitude = magnitude << 8 | UInt128(byte)
        }
        guard let value = T(exactly: magnitude), T.isSigned || !isNegative else {
            throw outOfRange(T.self, isNegative ? "-1-\(magnitude)" : "\(magnitude)", at: start)
        }
        return isNegative ? ~value : value
    }

    /// Reads a float of any width, or an integer that the type holds exactly.
    ///
    /// A wider float is rounded, as the nearest value of a narrower type is what a sender without that type
    /// means; one that would round to infinity is out of range.
    mutating func readFloat<T: BinaryFloatingPoint>(_ type: T.Type) throws(WireError) -> T {
        let start = cursor
        let head = try readUntaggedHead()
        let wide: Double
        switch (head.major, head.info) {
        case (7, 25): wide = Double(Float16(bitPattern: UInt16(truncatingIfNeeded: head.argument)))
        case (7, 26): wide = Double(Float(bitPattern: UInt32(truncatingIfNeeded: head.argument)))
        case (7, 27): wide = Double(bitPattern: head.argument)
        case (0, _):
            guard let value = T(exactly: head.argument) else {
                throw outOfRange(T.self, "\(head.argument)", at: start)
            }
            return value
        case (1, _):
            guard let value = T(exactly: -1 - Int128(head.argument)) else {
                throw outOfRange(T.self, "-1-\(head.argument)", at: start)
            }
            return value
        default: throw mismatch(T.self, found: head, at: start)
        }
        let value = T(wide)
        guard value.isFinite || !wide.isFinite else { throw outOfRange(T.self, "\(wide)", at: start) }
        return value
    }

    @inline(__always)
    mutating func readText() throws(WireError) -> String {
        if let next = peek, next >= 0x60, next < 0x78 {
            let start = cursor
            cursor &+= 1
            return try text(try readBytes(Int(next &- 0x60)), at: start)
        }
        return try readLongText()
    }

    private mutating func readLongText() throws(WireError) -> String {
        let start = cursor
        let head = try readUntaggedHead()
        guard head.major == 3 else { throw mismatch(String.self, found: head, at: start) }
        if !head.isIndefinite { return try text(try readBytes(Int(head.argument)), at: start) }
        // Each chunk is UTF-8 by itself (RFC 8949, section 3.2.3).
        var result = ""
        while let chunk = try nextChunk(of: 3) { result += try text(chunk, at: start) }
        return result
    }

    /// Reads the key of a pair. An integer key reads as its decimal digits, as `CodingKey.stringValue` has
    /// it.
    mutating func readKey() throws(WireError) -> String {
        guard let next = peek, next >> 5 < 2 else { return try readText() }
        let key: Int128 = try readLongInteger()
        return "\(key)"
    }

    /// Reads what follows the head of a byte string.
    mutating func readBody(of head: CBORHead) throws(WireError) -> [UInt8] {
        if !head.isIndefinite { return [UInt8](try readBytes(Int(head.argument))) }
        var result: [UInt8] = []
        while let chunk = try nextChunk(of: 2) { result += chunk }
        return result
    }

    private func text(_ utf8: UnsafeRawBufferPointer, at start: Int) throws(WireError) -> String {
        // Nothing to validate in ASCII, and `decoding` has a faster path than `validating`.
        if utf8.isASCII { return String(decoding: utf8, as: UTF8.self) }
        guard let text = String(validating: utf8.assumingMemoryBound(to: UInt8.self), as: UTF8.self) else {
            throw WireError(.invalidText, "\(utf8.count) bytes of text at offset \(start) are not UTF-8")
        }
        return text
    }

    @inline(never)
    func outOfRange(_ type: Any.Type, _ value: String, at start: Int) -> WireError {
        WireError(.outOfRange, "\(value) at offset \(start) does not fit \(type)")
    }

    @inline(never)
    func mismatch(_ type: Any.Type, found head: CBORHead, at start: Int) -> WireError {
        WireError(.typeMismatch, "\(type) asked for, \(head) found at offset \(start)")
    }
}

extension CBORHead: CustomStringConvertible {
    var description: String {
        switch (major, info) {
        case (7, 20), (7, 21): return "a boolean"
        case (7, 22): return "null"
        case (7, 23): return "undefined"
        case (7, 25...27): return "a float"
        case (7, 31): return "a break"
        default:
            let nouns = [
                "an unsigned integer", "a negative integer", "a byte string", "a text string", "an array",
                "a map",
                "a tag", "a simple value",
            ]
            return nouns[Int(major)]
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var isASCII: Bool {
        var bits: UInt64 = 0
        var offset = 0
        while offset &+ 8 <= count {
            bits |= loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        while offset < count {
            bits |= UInt64(self[offset])
            offset &+= 1
        }
        return bits & 0x8080_8080_8080_8080 == 0
    }
}
