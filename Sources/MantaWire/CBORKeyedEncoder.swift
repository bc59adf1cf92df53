struct CBORKeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let core: CBOREncoderCore
    let frame: FrameReference

    var codingPath: [any CodingKey] { core.codingPath(of: frame) }

    func encodeNil(forKey key: Key) throws { begin(key).pointee.append(CBOR.null) }

    func encode(_ value: Bool, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: String, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: Double, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: Float, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: Int, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: Int8, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: Int16, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: Int32, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: Int64, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: Int128, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: UInt, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: UInt8, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: UInt16, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: UInt32, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: UInt64, forKey key: Key) throws { value.append(to: &begin(key).pointee) }
    func encode(_ value: UInt128, forKey key: Key) throws { value.append(to: &begin(key).pointee) }

    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        let mark = core.frame(frame).pointee.storage.pointee.count
        let storage = begin(key)
        do {
            try core.encode(value, to: storage, parent: frame.index, key: .text(at: mark))
        } catch {
            // The program may catch this and go on: take back the key and what there is of the value.
            storage.pointee.count = mark
            core.frame(frame).pointee.count -= 1
            throw error
        }
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy keyType: NestedKey.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        nested(key).container(keyedBy: keyType)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        nested(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { nested(named: WireKey.superclass) }

    func superEncoder(forKey key: Key) -> any Encoder { nested(key) }

    private func nested(_ key: Key) -> CBOREncoder { nested(named: key.stringValue) }

    private func nested(named name: String) -> CBOREncoder {
        let mark = core.frame(frame).pointee.storage.pointee.count
        _ = begin(named: name)
        return CBOREncoder(core: core, frame: core.pushNested(in: frame, key: .text(at: mark)))
    }

    @inline(__always)
    private func begin(_ key: Key) -> UnsafeMutablePointer<ByteStorage> { begin(named: key.stringValue) }

    /// Writes the key and returns where the value goes.
    @inline(__always)
    private func begin(named name: String) -> UnsafeMutablePointer<ByteStorage> {
        let frame = core.frame(frame)
        frame.pointee.count &+= 1
        frame.pointee.storage.pointee.append(name)
        return frame.pointee.storage
    }
}
