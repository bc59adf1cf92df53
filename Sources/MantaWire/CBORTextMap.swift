/// A dictionary with text keys, which is read without a container.
///
/// `Dictionary`'s own `init(from:)` asks for all keys first, which boxes and casts each of them twice and
/// costs more than reading key and value.
protocol CBORTextMap {
    static func decode(
        from reader: inout ByteReader,
        core: CBORDecoderCore,
        parent: Int32,
        key: KeyPlace
    ) throws -> Self
}

extension Dictionary: CBORTextMap where Key == String, Value: Decodable {
    /// What is reserved at most: entries may be far larger than the two bytes that announce one.
    private static var reservedCount: Int { 1_024 }

    static func decode(
        from reader: inout ByteReader,
        core: CBORDecoderCore,
        parent: Int32,
        key: KeyPlace
    ) throws -> Self {
        let start = reader.cursor
        let depth = core.depth(inside: parent)
        let frame = core.push(DecodeFrame(start: start, key: key, parent: parent, depth: depth))
        defer { core.pop(frame) }
        let items = try core.open(frame, at: start, asMap: true, for: Self.self)

        var ahead = core.reader(at: items.start)
        var result = Self(minimumCapacity: Swift.min(items.count ?? 0, reservedCount))
        var position = 0
        while try !ahead.takeEnd(of: items, at: position) {
            let place = KeyPlace.text(at: ahead.cursor)
            if let name = try ahead.readName(depth: Int(depth) + 1) {
                let value = try core.decode(Value.self, from: &ahead, parent: frame.index, key: place)
                // Of equal keys the first counts: put it back.
                if let first = result.updateValue(value, forKey: name) { result[name] = first }
            } else {
                try ahead.skipItem(depth: Int(depth) + 1)
            }
            position += 1
        }
        reader.cursor = ahead.cursor
        return result
    }
}
