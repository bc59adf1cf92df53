struct CBORUnkeyedEncoder: UnkeyedEncodingContainer {
    let core: CBOREncoderCore
    let frame: FrameReference

    var codingPath: [any CodingKey] { core.codingPath(of: frame) }

    var count: Int { core.frame(frame).pointee.count }

    func encodeNil() throws { begin().pointee.append(CBOR.null) }

    func encode(_ value: Bool) throws { value.append(to: &begin().pointee) }
    func encode(_ value: String) throws { value.append(to: &begin().pointee) }
    func encode(_ value: Double) throws { value.append(to: &begin().pointee) }
    func encode(_ value: Float) throws { value.append(to: &begin().pointee) }
    func encode(_ value: Int) throws { value.append(to: &begin().pointee) }
    func encode(_ value: Int8) throws { value.append(to: &begin().pointee) }
    func encode(_ value: Int16) throws { value.append(to: &begin().pointee) }
    func encode(_ value: Int32) throws { value.append(to: &begin().pointee) }
    func encode(_ value: Int64) throws { value.append(to: &begin().pointee) }
    func encode(_ value: Int128) throws { value.append(to: &begin().pointee) }
    func encode(_ value: UInt) throws { value.append(to: &begin().pointee) }
    func encode(_ value: UInt8) throws { value.append(to: &begin().pointee) }
    func encode(_ value: UInt16) throws { value.append(to: &begin().pointee) }
    func encode(_ value: UInt32) throws { value.append(to: &begin().pointee) }
    func encode(_ value: UInt64) throws { value.append(to: &begin().pointee) }
    func encode(_ value: UInt128) throws { value.append(to: &begin().pointee) }

    func encode<T: Encodable>(_ value: T) throws {
        let index = count
        let storage = begin()
        let mark = storage.pointee.count
        do {
            try core.encode(value, to: storage, parent: frame.index, key: .element(index))
        } catch {
            storage.pointee.count = mark
            core.frame(frame).pointee.count -= 1
            throw error
        }
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        nested().container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nested().unkeyedContainer() }

    func superEncoder() -> any Encoder { nested() }

    private func nested() -> CBOREncoder {
        let index = count
        _ = begin()
        return CBOREncoder(core: core, frame: core.pushNested(in: frame, key: .element(index)))
    }

    /// Counts an element and returns where it goes.
    @inline(__always)
    private func begin() -> UnsafeMutablePointer<ByteStorage> {
        let frame = core.frame(frame)
        frame.pointee.count &+= 1
        return frame.pointee.storage
    }
}
