struct CBORSingleDecoder: SingleValueDecodingContainer {
    let core: CBORDecoderCore
    let frame: FrameReference
    let start: Int

    var codingPath: [any CodingKey] { core.codingPath(of: frame) }

    func decodeNil() -> Bool {
        // Malformed input is not nil; reading on from here reports why.
        var reader = core.reader(at: start)
        guard (try? reader.takeNil()) == true else { return false }
        finish(at: reader.cursor)
        return true
    }

    func decode(_ type: Bool.Type) throws -> Bool { try scalar(type) }
    func decode(_ type: String.Type) throws -> String { try scalar(type) }
    func decode(_ type: Double.Type) throws -> Double { try scalar(type) }
    func decode(_ type: Float.Type) throws -> Float { try scalar(type) }
    func decode(_ type: Int.Type) throws -> Int { try scalar(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try scalar(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try scalar(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try scalar(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try scalar(type) }
    func decode(_ type: Int128.Type) throws -> Int128 { try scalar(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try scalar(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try scalar(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try scalar(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try scalar(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try scalar(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try scalar(type) }

    func decode<T: Decodable>(_ type: T.Type) throws -> T {
        var reader = core.reader(at: start)
        let value = try core.decode(type, from: &reader, parent: core.index(frame), key: .none)
        finish(at: reader.cursor)
        return value
    }

    @inline(__always)
    private func scalar<T: CBORScalar>(_ type: T.Type) throws -> T {
        var reader = core.reader(at: start)
        do {
            let value = try T.read(from: &reader)
            finish(at: reader.cursor)
            return value
        } catch {
            throw core.explain(error, type, at: start, parent: core.index(frame), key: .none)
        }
    }

    /// Notes where the item ends, so that it is not skipped to find out.
    @inline(__always)
    private func finish(at offset: Int) {
        core.frame(frame)?.pointee.end = offset
    }
}
