/// What a value's `encode(to:)` gets to write itself. Fits into `any Encoder` without an allocation.
struct CBOREncoder: Encoder {
    let core: CBOREncoderCore
    let frame: FrameReference

    var codingPath: [any CodingKey] { core.codingPath(of: frame) }

    var userInfo: [CodingUserInfoKey: Any] { core.userInfo }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        core.open(.map, in: frame)
        return KeyedEncodingContainer(CBORKeyedEncoder<Key>(core: core, frame: frame))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        core.open(.array, in: frame)
        return CBORUnkeyedEncoder(core: core, frame: frame)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        core.open(.single, in: frame)
        return CBORSingleEncoder(core: core, frame: frame)
    }
}
