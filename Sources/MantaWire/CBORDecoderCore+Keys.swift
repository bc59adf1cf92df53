// Finding keys. Maps that we wrote have their keys in the order in which they are asked for: each is found
// where the last value ended. Otherwise a small map is searched from its start, and a large one gets an
// index, so that no map, however it was made, costs quadratic time.

/// Where each key of a map lies. Of equal keys the first counts.
struct CBORMapIndex {
    var names: [String] = []
    var pairs: [String: CBORPair] = [:]
}

extension CBORDecoderCore {
    /// What is searched without an index.
    private static var smallMapPairs: Int { 16 }
    private static var smallMapBytes: Int { 4096 }

    @inline(__always)
    func locate(_ name: String, in items: CBORItems, _ reference: FrameReference) throws(WireError)
        -> CBORPair?
    {
        if let frame = frame(reference), frame.pointee.remaining > 0 {
            let start = frame.pointee.cursor
            var reader = reader(at: start)
            if try reader.matchKey(name, depth: Int(frame.pointee.depth)) {
                return CBORPair(key: start, value: reader.cursor, after: frame.pointee.remaining &- 1)
            }
        }
        return try search(name, in: items, reference)
    }

    @inline(never)
    private func search(
        _ name: String,
        in items: CBORItems,
        _ reference: FrameReference
    ) throws(WireError) -> CBORPair? {
        if let index = state.pointee.indexes[items.start] {
            return found(index.pairs[name], reference)
        }
        let depth = Int(depth(inside: index(reference)))
        var reader = reader(at: items.start)
        var position = 0
        while try !reader.takeEnd(of: items, at: position) {
            if position == Self.smallMapPairs || reader.cursor - items.start > Self.smallMapBytes {
                return found(try makeIndex(of: items, depth: depth).pairs[name], reference)
            }
            let key = reader.cursor
            if try reader.matchKey(name, depth: depth) {
                let after = (items.count ?? 0) - position - 1
                return found(CBORPair(key: key, value: reader.cursor, after: after), reference)
            }
            try reader.skipItem(depth: depth)
            position += 1
        }
        return nil
    }

    /// Goes on from here, so that keys behind an unknown one are found at once again.
    private func found(_ pair: CBORPair?, _ reference: FrameReference) -> CBORPair? {
        if let pair { advance(reference, to: pair.key, after: pair.after &+ 1) }
        return pair
    }

    /// The names of a map's keys, each once; those before the first fault if the map is malformed.
    func names(in items: CBORItems, _ reference: FrameReference) -> [String] {
        if let index = state.pointee.indexes[items.start] { return index.names }
        let depth = Int(depth(inside: index(reference)))
        if let count = items.count, count <= Self.smallMapPairs {
            var names: [String] = []
            var reader = reader(at: items.start)
            do {
                for _ in 0..<count {
                    if let name = try reader.readName(depth: depth), !names.contains(name) {
                        names.append(name)
                    }
                    try reader.skipItem(depth: depth)
                }
            } catch {
                // `allKeys` cannot throw. Completing the map meets the same fault and reports it.
            }
            return names
        }
        return (try? makeIndex(of: items, depth: depth))?.names ?? []
    }

    private func makeIndex(of items: CBORItems, depth: Int) throws(WireError) -> CBORMapIndex {
        var index = CBORMapIndex()
        var reader = reader(at: items.start)
        var position = 0
        while try !reader.takeEnd(of: items, at: position) {
            let key = reader.cursor
            if let name = try reader.readName(depth: depth), index.pairs[name] == nil {
                let after = (items.count ?? 0) - position - 1
                index.names.append(name)
                index.pairs[name] = CBORPair(key: key, value: reader.cursor, after: after)
            }
            try reader.skipItem(depth: depth)
            position += 1
        }
        state.pointee.indexes[items.start] = index
        return index
    }
}

extension ByteReader {
    /// Says whether all elements or pairs are read, and if so moves past the break there may be.
    mutating func takeEnd(of items: CBORItems, at position: Int) throws(WireError) -> Bool {
        if let count = items.count { return position == count }
        return try takeBreak()
    }

    /// Moves past a key and says whether it is the one named.
    @inline(__always)
    fileprivate mutating func matchKey(_ name: String, depth: Int) throws(WireError) -> Bool {
        guard let next = peek, next >= 0x60, next < 0x78 else { return try matchLongKey(name, depth: depth) }
        let count = Int(next &- 0x60)
        guard remaining > count else { throw missing(count &+ 1) }
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[(cursor &+ 1)..<(cursor &+ 1 &+ count)])
        cursor &+= count &+ 1
        return bytes.equals(name)
    }

    @inline(never)
    private mutating func matchLongKey(_ name: String, depth: Int) throws(WireError) -> Bool {
        var ahead = self
        let head = try ahead.readUntaggedHead()
        guard head.major == 3, !head.isIndefinite else { return try readName(depth: depth) == name }
        let bytes = try ahead.readBytes(Int(head.argument))
        self = ahead
        return bytes.equals(name)
    }

    /// Reads a key as a name; `nil` for a key that is neither text nor integer, which no Swift type asks for.
    mutating func readName(depth: Int) throws(WireError) -> String? {
        var ahead = self
        let head = try ahead.readUntaggedHead()
        guard head.major == 3 || head.major < 2 else {
            try skipItem(depth: depth)
            return nil
        }
        return try readKey()
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    fileprivate func equals(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { utf8 in
            guard utf8.count == count else { return false }
            for index in 0..<count where utf8[index] != self[index] { return false }
            return true
        }
    }
}
