/// The one object behind all encoders and containers of a top-level encode.
///
/// Values being written form a stack of frames; containers refer to frames by index. The head of an array or map
/// is one byte until the value is complete, then its count is known and it grows if it must.
final class CBOREncoderCore {
    private struct State {
        var frames: UnsafeMutablePointer<EncodeFrame>
        var frameCount = 0
        var capacity = 16
        var serial: UInt32 = 0
        var isTooDeep = false
        var spareStorage: [UnsafeMutablePointer<ByteStorage>] = []
        var userInfo: [CodingUserInfoKey: any Sendable]?
    }

    /// Behind a pointer for the reason given at ``ByteStorage``.
    private let state: UnsafeMutablePointer<State>

    init() {
        state = .allocate(capacity: 1)
        state.initialize(to: State(frames: .allocate(capacity: 16)))
    }

    deinit {
        for storage in state.pointee.spareStorage {
            storage.pointee.deallocate()
            storage.deallocate()
        }
        state.pointee.frames.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
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
        case .codable: try encodeCodable(value, to: storage, parent: parent, key: key)
        case .byteString:
            // `of` has asked the runtime the same question.
            guard let bytes = value as? any WireByteString else { preconditionFailure("\(T.self) lost a conformance") }
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
    }

    // MARK: Frames

    /// - Precondition: The value that made the container is still being encoded.
    @inline(__always)
    func frame(_ reference: FrameReference) -> UnsafeMutablePointer<EncodeFrame> {
        let frame = state.pointee.frames + Int(reference.index)
        precondition(
            Int(reference.index) < state.pointee.frameCount && frame.pointee.serial == reference.serial,
            "an encoder or container was used after the encode(to:) it belongs to returned"
        )
        return frame
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

    /// Begins a nested value whose parts may be written at any time until its parent is complete.
    func pushNested(in parent: FrameReference, key: KeyPlace) -> FrameReference {
        var nested = EncodeFrame(
            storage: takeStorage(), depth: depth(inside: parent.index), parent: parent.index, key: key
        )
        let outer = frame(parent)
        nested.isNested = true
        nested.position = outer.pointee.storage.pointee.count
        nested.previousNested = outer.pointee.lastNested
        outer.pointee.lastNested = Int32(state.pointee.frameCount)
        return push(nested)
    }

    private func depth(inside parent: Int32) -> Int32 {
        guard parent >= 0 else { return 0 }
        let frame = state.pointee.frames + Int(parent)
        return frame.pointee.depth + (frame.pointee.shape == .single ? 0 : 1)
    }

    @inline(__always)
    private func push(_ frame: EncodeFrame) -> FrameReference {
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
        state.pointee.frames.deallocate()
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
        if frame.pointee.lastNested >= 0 { insertNested(in: frame) }
        let storage = frame.pointee.storage
        switch frame.pointee.shape {
        case .map, .array:
            let major: UInt8 = frame.pointee.shape == .map ? 0xA0 : 0x80
            if frame.pointee.count < 24 {
                storage.pointee.put(major | UInt8(truncatingIfNeeded: frame.pointee.count), at: frame.pointee.head)
            } else {
                storage.pointee.replaceHead(major, UInt64(frame.pointee.count), at: frame.pointee.head)
            }
        case .undecided: storage.pointee.append(CBOR.emptyMap)
        case .single: if frame.pointee.count == 0 { storage.pointee.append(CBOR.emptyMap) }
        }
    }

    /// Moves what nested containers hold to its place, from the last to the first so that each byte moves once.
    private func insertNested(in frame: UnsafeMutablePointer<EncodeFrame>) {
        let frames = state.pointee.frames
        let storage = frame.pointee.storage
        var total = 0
        var next = frame.pointee.lastNested
        while next >= 0 {
            total += frames[Int(next)].storage.pointee.count
            next = frames[Int(next)].previousNested
        }
        var source = storage.pointee.count
        storage.pointee.reserve(total)
        storage.pointee.count += total
        let base = storage.pointee.base
        var target = storage.pointee.count
        next = frame.pointee.lastNested
        while next >= 0 {
            let nested = frames + Int(next)
            let tail = source - nested.pointee.position
            source -= tail
            target -= tail
            (base + target).copyMemory(from: base + source, byteCount: tail)
            let bytes = nested.pointee.storage.pointee
            target -= bytes.count
            (base + target).copyMemory(from: bytes.base, byteCount: bytes.count)
            giveBack(nested.pointee.storage)
            next = nested.pointee.previousNested
        }
    }

    private func discardFrames(from index: Int) {
        for index in index..<max(index, state.pointee.frameCount) where state.pointee.frames[index].isNested {
            giveBack(state.pointee.frames[index].storage)
        }
        state.pointee.frameCount = index
    }

    private func takeStorage() -> UnsafeMutablePointer<ByteStorage> {
        if let spare = state.pointee.spareStorage.popLast() { return spare }
        let storage = UnsafeMutablePointer<ByteStorage>.allocate(capacity: 1)
        storage.initialize(to: ByteStorage(capacity: 128))
        return storage
    }

    private func giveBack(_ storage: UnsafeMutablePointer<ByteStorage>) {
        storage.pointee.count = 0
        state.pointee.spareStorage.append(storage)
    }

    // MARK: Paths and errors

    func codingPath(of index: Int32) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var index = index
        while index >= 0 {
            let frame = state.pointee.frames[Int(index)]
            index = frame.parent
            guard index >= 0 else { break }
            let storage = state.pointee.frames[Int(index)].storage.pointee
            if let key = frame.key.key(in: UnsafeRawBufferPointer(start: storage.base, count: storage.count)) {
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
