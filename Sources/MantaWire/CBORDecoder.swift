/// What a value's `init(from:)` gets to read itself. Fits into `any Decoder` without an allocation.
struct CBORDecoder: Decoder {
    let core: CBORDecoderCore
    let frame: FrameReference
    /// The first byte of the item, tags included.
    let start: Int

    var codingPath: [any CodingKey] { core.codingPath(of: frame) }

    var userInfo: [CodingUserInfoKey: Any] { core.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        let items = try core.open(frame, at: start, asMap: true, for: [String: Any].self)
        return KeyedDecodingContainer(CBORKeyedDecoder<Key>(core: core, frame: frame, items: items))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let items = try core.open(frame, at: start, asMap: false, for: [Any].self)
        return CBORUnkeyedDecoder(core: core, frame: frame, items: items, cursor: items.start)
    }

    func singleValueContainer() -> any SingleValueDecodingContainer {
        CBORSingleDecoder(core: core, frame: frame, start: start)
    }
}
