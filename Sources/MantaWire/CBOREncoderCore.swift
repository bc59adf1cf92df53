/// The one object behind all encoders and containers of a top-level encode.
///
/// Values being written form a stack of frames; containers refer to frames by index. The head of an array or
/// map is one byte until the value is complete, then its count is known and it grows if it must.
final class CBOREncoderCore: ManagedBuffer<CBOREncoderCore.State, EncodeFrame> {
    struct State {
        var frames: UnsafeMutablePointer<EncodeFrame>
        var frameCount = 0
        var capacity = CBOREncoderCore.inlineFrames
        var serial: UInt32 = 0
        /// The frame of the innermost value whose `encode(to:)` is running.
        var scope: Int32 = 0
        var isTooDeep = false
        var spareStorage: [UnsafeMutablePointer<ByteStorage>] = []
        var userInfo: [CodingUserInfoKey: any Sendable]?
        /// What has to live as long as the bytes: see ``CBOR/attach(_:to:)``.
        var attachments: [any AnyObject & Sendable] = []
    }

    /// As many as most values are deep.
    static var inlineFrames: Int { 6 }

    /// The object, its state and the first frames are one allocation.
    static func make() -> CBOREncoderCore {
        let buffer = create(minimumCapacity: inlineFrames) { buffer in
            State(frames: buffer.withUnsafeMutablePointerToElements { $0 })
        }
        // `create` makes an instance of the class that it is called on.
        return unsafeDowncast(buffer, to: CBOREncoderCore.self)
    }

    deinit {
        for storage in state.pointee.spareStorage {
            storage.deinitialize(count: 1)
            storage.deallocate()
        }
        if state.pointee.capacity > Self.inlineFrames { state.pointee.frames.deallocate() }
    }

    /// The buffer does not move while the object lives. A pointer for the reason given at ``ByteStorage``.
    var state: UnsafeMutablePointer<State> {
        @inline(__always) get { withUnsafeMutablePointerToHeader { $0 } }
    }

    var userInfo: [CodingUserInfoKey: any Sendable] {
        get { state.pointee.userInfo ?? [:] }
        set { state.pointee.userInfo = newValue }
    }

    // MARK: Values

    func encode<T: Encodable>(
        _ value: T,
        to storage: UnsafeMutablePointer<ByteStorage>,
        parent: Int32,
        key: KeyPlace
    ) throws {
        // The kind says which type `T` is, so each cast is to the same type.
        switch WireTypeKind.of(T.self) {
        case .codable, .textMap: try encodeCodable(value, to: storage, parent: parent, key: key)
        case .byteString:
            // `of` has asked the runtime the same question.
            guard let bytes = value as? any WireByteString else {
                preconditionFailure("\(T.self) lost a conformance")
            }
            bytes.withWireBytes { storage.pointee.appendString(0x40, $0) }
        case .bool: storage.pointee.append(unsafeBitCast(value, to: Bool.self))
        case .string: storage.pointee.append(unsafeBitCast(value, to: String.self))
        case .double: storage.pointee.append(unsafeBitCast(value, to: Double.self))
        case .float: storage.pointee.append(unsafeBitCast(value, to: Float.self))
        case .float16: storage.pointee.append(Float(unsafeBitCast(value, to: Float16.self)))
        case .int: storage.pointee.appendInteger(unsafeBitCast(value, to: Int.self))
        case .int8: storage.pointee.appendInteger(unsafeBitCast(value, to: Int8.self))
        case .int16: storage.pointee.appendInteger(unsafeBitCast(value, to: Int16.self))
        case .int32: storage.pointee.appendInteger(unsafeBitCast(value, to: Int32.self))
        case .int64: storage.pointee.appendInteger(unsafeBitCast(value, to: Int64.self))
        case .int128: unsafeBitCast(value, to: Int128.self).append(to: &storage.pointee)
        case .uint: storage.pointee.appendInteger(unsafeBitCast(value, to: UInt.self))
        case .uint8: storage.pointee.appendInteger(unsafeBitCast(value, to: UInt8.self))
        case .uint16: storage.pointee.appendInteger(unsafeBitCast(value, to: UInt16.self))
        case .uint32: storage.pointee.appendInteger(unsafeBitCast(value, to: UInt32.self))
        case .uint64: storage.pointee.appendInteger(unsafeBitCast(value, to: UInt64.self))
        case .uint128: unsafeBitCast(value, to: UInt128.self).append(to: &storage.pointee)
        case .bytes: storage.pointee.append(unsafeBitCast(value, to: [UInt8].self))
        case .doubles: storage.pointee.append(unsafeBitCast(value, to: [Double].self))
        case .floats: storage.pointee.append(unsafeBitCast(value, to: [Float].self))
        case .float16s: storage.pointee.append(unsafeBitCast(value, to: [Float16].self))
        case .ints: storage.pointee.append(unsafeBitCast(value, to: [Int].self))
        case .int8s: storage.pointee.append(unsafeBitCast(value, to: [Int8].self))
        case .int16s: storage.pointee.append(unsafeBitCast(value, to: [Int16].self))
        case .int32s: storage.pointee.append(unsafeBitCast(value, to: [Int32].self))
        case .int64s: storage.pointee.append(unsafeBitCast(value, to: [Int64].self))
        case .uints: storage.pointee.append(unsafeBitCast(value, to: [UInt].self))
        case .uint16s: storage.pointee.append(unsafeBitCast(value, to: [UInt16].self))
        case .uint32s: storage.pointee.append(unsafeBitCast(value, to: [UInt32].self))
        case .uint64s: storage.pointee.append(unsafeBitCast(value, to: [UInt64].self))
        }
    }

    private func encodeCodable<T: Encodable>(
        _ value: T,
        to storage: UnsafeMutablePointer<ByteStorage>,
        parent: Int32,
        key: KeyPlace
    ) throws {
        if state.pointee.isTooDeep { throw tooDeep(value, parent: parent) }
        let frame = push(
            EncodeFrame(storage: storage, depth: depth(inside: parent), parent: parent, key: key)
        )
        let outerScope = state.pointee.scope
        state.pointee.scope = frame.index
        defer { state.pointee.scope = outerScope }
        do {
            try value.encode(to: CBOREncoder(core: self, frame: frame))
        } catch {
            discardFrames(from: Int(frame.index))
            throw error
        }
        finishFrames(from: Int(frame.index))
        if parent < 0 && state.pointee.isTooDeep { throw tooDeep(value, parent: parent) }
    }

    /// Readies the core for the next top-level encode.
    func reset() {
        discardFrames(from: 0)
        state.pointee.isTooDeep = false
        state.pointee.userInfo = nil
        if !state.pointee.attachments.isEmpty { state.pointee.attachments = [] }
    }

    // MARK: Frames

    /// The frame to write to.
    ///
    /// - Precondition: The value that made the container is being encoded, and none inside it.
    @inline(__always)
    func frame(_ reference: FrameReference) -> UnsafeMutablePointer<EncodeFrame> {
        precondition(
            isCurrent(reference) && reference.index >= state.pointee.scope,
            "an encoder or container was used while its value was not the one being encoded"
        )
        let frame = state.pointee.frames + Int(reference.index)
        if frame.pointee.openNested >= 0 { detachNested(from: frame) }
        return frame
    }

    @inline(__always)
    private func isCurrent(_ reference: FrameReference) -> Bool {
        Int(reference.index) < state.pointee.frameCount
            && state.pointee.frames[Int(reference.index)].serial == reference.serial
    }

    /// Begins an array or map in a frame, or goes on with the one already begun.
    func open(_ shape: EncodeFrame.Shape, in reference: FrameReference) {
        let frame = frame(reference)
        guard frame.pointee.shape != shape else { return }
        precondition(
            frame.pointee.shape == .undecided || (frame.pointee.shape == .single && frame.pointee.count == 0),
            "a value asked its encoder for a \(shape) container after a \(frame.pointee.shape) one"
        )
        frame.pointee.shape = shape
        guard shape != .single else { return }
        if frame.pointee.depth >= Int32(CBOR.depthLimit) { state.pointee.isTooDeep = true }
        frame.pointee.head = frame.pointee.storage.pointee.count
        frame.pointee.storage.pointee.append(shape == .map ? 0xA0 as UInt8 : 0x80)
    }

    func depth(inside parent: Int32) -> Int32 {
        guard parent >= 0 else { return 0 }
        let frame = state.pointee.frames + Int(parent)
        return frame.pointee.depth + (frame.pointee.shape == .single ? 0 : 1)
    }

    @inline(__always)
    func push(_ frame: EncodeFrame) -> FrameReference {
        if state.pointee.frameCount == state.pointee.capacity { growFrames() }
        let index = state.pointee.frameCount
        state.pointee.serial &+= 1
        let slot = state.pointee.frames + index
        slot.initialize(to: frame)
        slot.pointee.serial = state.pointee.serial
        state.pointee.frameCount = index &+ 1
        return FrameReference(index: Int32(truncatingIfNeeded: index), serial: state.pointee.serial)
    }

    @inline(never)
    private func growFrames() {
        let larger = UnsafeMutablePointer<EncodeFrame>.allocate(capacity: state.pointee.capacity * 2)
        larger.moveInitialize(from: state.pointee.frames, count: state.pointee.frameCount)
        if state.pointee.capacity > Self.inlineFrames { state.pointee.frames.deallocate() }
        state.pointee.frames = larger
        state.pointee.capacity *= 2
    }

    // MARK: Completion

    /// Completes a value and the containers nested in it, innermost first.
    @inline(__always)
    private func finishFrames(from index: Int) {
        var last = state.pointee.frameCount &- 1
        while last >= index {
            finish(state.pointee.frames + last)
            last &-= 1
        }
        state.pointee.frameCount = index
    }

    @inline(__always)
    private func finish(_ frame: UnsafeMutablePointer<EncodeFrame>) {
        if frame.pointee.lastDetached >= 0 { insertDetached(in: frame) }
        let storage = frame.pointee.storage
        switch frame.pointee.shape {
        case .map, .array:
            let major: UInt8 = frame.pointee.shape == .map ? 0xA0 : 0x80
            if frame.pointee.count < 24 {
                storage.pointee.put(
                    major | UInt8(truncatingIfNeeded: frame.pointee.count),
                    at: frame.pointee.head
                )
            } else {
                storage.pointee.replaceHead(major, UInt64(frame.pointee.count), at: frame.pointee.head)
            }
        case .undecided: storage.pointee.append(CBOR.emptyMap)
        case .single: if frame.pointee.count == 0 { storage.pointee.append(CBOR.emptyMap) }
        }
    }

    private func discardFrames(from index: Int) {
        for index in index..<max(index, state.pointee.frameCount)
        where state.pointee.frames[index].ownsStorage {
            giveBack(state.pointee.frames[index].storage)
        }
        state.pointee.frameCount = index
    }

    // MARK: Paths and errors

    /// The keys that lead to a frame; none if its value is complete.
    func codingPath(of reference: FrameReference) -> [any CodingKey] {
        isCurrent(reference) ? codingPath(of: reference.index) : []
    }

    private func codingPath(of index: Int32) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var index = index
        while index >= 0 {
            let frame = state.pointee.frames[Int(index)]
            index = frame.parent
            guard index >= 0 else { break }
            let storage = state.pointee.frames[Int(index)].storage.pointee
            if let key = frame.key.key(in: UnsafeRawBufferPointer(start: storage.base, count: storage.count))
            {
                path.append(key)
            }
        }
        return path.reversed()
    }

    private func tooDeep(_ value: Any, parent: Int32) -> EncodingError {
        let context = EncodingError.Context(
            codingPath: codingPath(of: parent),
            debugDescription: "nested deeper than \(CBOR.depthLimit) arrays and maps"
        )
        return .invalidValue(value, context)
    }
}
