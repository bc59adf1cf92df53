extension ByteReader {
    /// Moves past one item without building it.
    ///
    /// Checks that the item is well formed (RFC 8949, section 5.3.1); text is not checked to be UTF-8.
    ///
    /// - Parameter depth: How many arrays and maps the item lies in.
    /// - Throws: ``WireError`` with code `truncated`, `malformed` or `tooDeep`.
    mutating func skipItem(depth: Int = 0) throws(WireError) {
        // Small integers are most of what is skipped one by one.
        if let next = peek, next < 24 {
            cursor &+= 1
            return
        }
        let head = try readUntaggedHead()
        switch head.major {
        case 0, 1: break
        case 2, 3:
            if head.isIndefinite {
                while try nextChunk(of: head.major) != nil {}
            } else {
                cursor &+= Int(head.argument)
            }
        case 4, 5:
            guard depth < CBOR.depthLimit else { throw tooDeep() }
            if head.isIndefinite {
                while try !takeBreak() {
                    try skipItem(depth: depth &+ 1)
                    if head.major == 5 { try skipItem(depth: depth &+ 1) }
                }
            } else {
                let items = head.major == 5 ? head.argument &* 2 : head.argument
                for _ in 0..<items { try skipItem(depth: depth &+ 1) }
            }
        default:
            if head.isBreak { throw malformed("break outside an indefinite length", at: cursor &- 1) }
        }
    }

    /// Reads the next piece of an indefinite-length string, or `nil` behind the last one.
    mutating func nextChunk(of major: UInt8) throws(WireError) -> UnsafeRawBufferPointer? {
        if try takeBreak() { return nil }
        let start = cursor
        let head = try readHead()
        guard head.major == major, !head.isIndefinite else {
            throw malformed("a chunk of a string must be a definite string of the same type", at: start)
        }
        return try readBytes(Int(head.argument))
    }

    @inline(never)
    func tooDeep() -> WireError {
        WireError(.tooDeep, "nested deeper than \(CBOR.depthLimit) at offset \(offset)")
    }
}
