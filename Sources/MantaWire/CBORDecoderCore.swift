/// The one object behind all decoders and containers of a top-level decode.
///
/// Values being read form a stack of frames, which remember how far each map or array has been read, so that
/// what comes next in the input is found at once and nothing is read twice to find where it ends.
///
/// A managed buffer, so that the object, its state and the first frames are one allocation.
final class CBORDecoderCore: ManagedBuffer<CBORDecoderCore.State, DecodeFrame> {
    struct State {
        /// Empty once the top-level decode has returned: who kept a decoder gets errors, not stray memory.
        var bytes: UnsafeRawBufferPointer
        var userInfo: [CodingUserInfoKey: any Sendable]?
        /// In the buffer itself at first, and allocated once they are more than fit there.
        var frames: UnsafeMutablePointer<DecodeFrame>
        var frameCount = 0
        var capacity = CBORDecoderCore.inlineFrames
        var serial: UInt32 = 0
        /// Of large maps read out of order, by the offset of the first key.
        var indexes: [Int: CBORMapIndex] = [:]
    }

    static var inlineFrames: Int { 6 }

    static func make(
        _ bytes: UnsafeRawBufferPointer,
        userInfo: [CodingUserInfoKey: any Sendable]?
    ) -> CBORDecoderCore {
        let buffer = create(minimumCapacity: inlineFrames) { buffer in
            State(bytes: bytes, userInfo: userInfo, frames: buffer.withUnsafeMutablePointerToElements { $0 })
        }
        // `create` makes an instance of the class that it is called on.
        return unsafeDowncast(buffer, to: CBORDecoderCore.self)
    }

    deinit {
        if state.pointee.capacity > Self.inlineFrames { state.pointee.frames.deallocate() }
    }

    /// The buffer does not move while the object lives. A pointer for the reason given at ``ByteStorage``.
    var state: UnsafeMutablePointer<State> {
        @inline(__always) get { withUnsafeMutablePointerToHeader { $0 } }
    }

    var userInfo: [CodingUserInfoKey: any Sendable] { state.pointee.userInfo ?? [:] }

    /// Lets go of the input.
    func close() {
        state.pointee.bytes = UnsafeRawBufferPointer(start: nil, count: 0)
        state.pointee.frameCount = 0
        state.pointee.indexes = [:]
    }

    @inline(__always)
    func reader(at offset: Int) -> ByteReader {
        let bytes = state.pointee.bytes
        return ByteReader(bytes, cursor: min(offset, bytes.count))
    }

    // MARK: Values

    /// Reads the item at the reader's cursor and moves it past.
    func decode<T: Decodable>(
        _ type: T.Type,
        from reader: inout ByteReader,
        parent: Int32,
        key: KeyPlace
    ) throws -> T {
        let kind = WireTypeKind.of(T.self)
        if kind == .codable { return try decodeCodable(type, from: &reader, parent: parent, key: key) }
        if kind == .textMap { return try decodeTextMap(type, from: &reader, parent: parent, key: key) }
        let start = reader.cursor
        do {
            return try decodeKnown(type, kind, from: &reader)
        } catch {
            throw explain(error, type, at: start, parent: parent, key: key)
        }
    }

    private func decodeKnown<T: Decodable>(
        _ type: T.Type,
        _ kind: WireTypeKind,
        from reader: inout ByteReader
    ) throws(WireError) -> T {
        // The kind says which type `T` is, so each cast is to the same type.
        switch kind {
        case .bool: unsafeBitCast(try Bool.read(from: &reader), to: T.self)
        case .string: unsafeBitCast(try String.read(from: &reader), to: T.self)
        case .double: unsafeBitCast(try Double.read(from: &reader), to: T.self)
        case .float: unsafeBitCast(try Float.read(from: &reader), to: T.self)
        case .float16: unsafeBitCast(try Float16.read(from: &reader), to: T.self)
        case .int: unsafeBitCast(try Int.read(from: &reader), to: T.self)
        case .int8: unsafeBitCast(try Int8.read(from: &reader), to: T.self)
        case .int16: unsafeBitCast(try Int16.read(from: &reader), to: T.self)
        case .int32: unsafeBitCast(try Int32.read(from: &reader), to: T.self)
        case .int64: unsafeBitCast(try Int64.read(from: &reader), to: T.self)
        case .int128: unsafeBitCast(try Int128.read(from: &reader), to: T.self)
        case .uint: unsafeBitCast(try UInt.read(from: &reader), to: T.self)
        case .uint8: unsafeBitCast(try UInt8.read(from: &reader), to: T.self)
        case .uint16: unsafeBitCast(try UInt16.read(from: &reader), to: T.self)
        case .uint32: unsafeBitCast(try UInt32.read(from: &reader), to: T.self)
        case .uint64: unsafeBitCast(try UInt64.read(from: &reader), to: T.self)
        case .uint128: unsafeBitCast(try UInt128.read(from: &reader), to: T.self)
        case .bytes: unsafeBitCast(try reader.readNumbers(UInt8.self), to: T.self)
        case .doubles: unsafeBitCast(try reader.readNumbers(Double.self), to: T.self)
        case .floats: unsafeBitCast(try reader.readNumbers(Float.self), to: T.self)
        case .float16s: unsafeBitCast(try reader.readNumbers(Float16.self), to: T.self)
        case .ints: unsafeBitCast(try reader.readNumbers(Int.self), to: T.self)
        case .int8s: unsafeBitCast(try reader.readNumbers(Int8.self), to: T.self)
        case .int16s: unsafeBitCast(try reader.readNumbers(Int16.self), to: T.self)
        case .int32s: unsafeBitCast(try reader.readNumbers(Int32.self), to: T.self)
        case .int64s: unsafeBitCast(try reader.readNumbers(Int64.self), to: T.self)
        case .uints: unsafeBitCast(try reader.readNumbers(UInt.self), to: T.self)
        case .uint16s: unsafeBitCast(try reader.readNumbers(UInt16.self), to: T.self)
        case .uint32s: unsafeBitCast(try reader.readNumbers(UInt32.self), to: T.self)
        case .uint64s: unsafeBitCast(try reader.readNumbers(UInt64.self), to: T.self)
        case .byteString, .textMap, .codable: try decodeByteString(type, from: &reader)
        }
    }

    private func decodeByteString<T>(_ type: T.Type, from reader: inout ByteReader) throws(WireError) -> T {
        // Asking for the kind has asked the runtime the same question.
        guard let byteString = type as? any WireByteString.Type else {
            preconditionFailure("\(type) lost its conformance to WireByteString")
        }
        var ahead = reader
        let head = try ahead.readHead()
        let value: any WireByteString
        if head.major == 2 && !head.isIndefinite {
            value = byteString.init(wireBytes: try ahead.readBytes(Int(head.argument)))
            reader = ahead
        } else {
            let bytes = try reader.readNumbers(UInt8.self)
            value = bytes.withUnsafeBytes { byteString.init(wireBytes: $0) }
        }
        guard let value = value as? T else { preconditionFailure("\(type) made a value of another type") }
        return value
    }

    private func decodeTextMap<T>(
        _ type: T.Type,
        from reader: inout ByteReader,
        parent: Int32,
        key: KeyPlace
    ) throws -> T {
        guard let textMap = type as? any CBORTextMap.Type,
            let value = try textMap.decode(from: &reader, core: self, parent: parent, key: key) as? T
        else { preconditionFailure("\(type) is no dictionary with text keys") }
        return value
    }

    private func decodeCodable<T: Decodable>(
        _ type: T.Type,
        from reader: inout ByteReader,
        parent: Int32,
        key: KeyPlace
    ) throws -> T {
        let start = reader.cursor
        let frame = push(DecodeFrame(start: start, key: key, parent: parent, depth: depth(inside: parent)))
        do {
            let value = try T(from: CBORDecoder(core: self, frame: frame, start: start))
            reader.cursor = try finishFrames(from: Int(frame.index))
            return value
        } catch {
            pop(frame)
            throw error
        }
    }
}
