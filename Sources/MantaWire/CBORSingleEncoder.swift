struct CBORSingleEncoder: SingleValueEncodingContainer {
    let core: CBOREncoderCore
    let frame: FrameReference

    var codingPath: [any CodingKey] { core.codingPath(of: frame) }

    func encodeNil() throws { try begin(()).pointee.append(CBOR.null) }

    func encode(_ value: Bool) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: String) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: Double) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: Float) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: Int) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: Int8) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: Int16) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: Int32) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: Int64) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: Int128) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: UInt) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: UInt8) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: UInt16) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: UInt32) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: UInt64) throws { try value.append(to: &begin(value).pointee) }
    func encode(_ value: UInt128) throws { try value.append(to: &begin(value).pointee) }

    func encode<T: Encodable>(_ value: T) throws {
        let storage = try begin(value)
        let mark = storage.pointee.count
        do {
            try core.encode(value, to: storage, parent: frame.index, key: .none)
        } catch {
            storage.pointee.count = mark
            core.frame(frame).pointee.count -= 1
            throw error
        }
    }

    /// Returns where the value goes, unless there is one already.
    @inline(__always)
    private func begin<T>(_ value: T) throws -> UnsafeMutablePointer<ByteStorage> {
        let frame = core.frame(frame)
        guard frame.pointee.shape == .single, frame.pointee.count == 0 else { throw second(value) }
        frame.pointee.count = 1
        return frame.pointee.storage
    }

    @inline(never)
    private func second(_ value: Any) -> EncodingError {
        let context = EncodingError.Context(
            codingPath: codingPath,
            debugDescription: "a second value for a single-value container"
        )
        return .invalidValue(value, context)
    }
}
