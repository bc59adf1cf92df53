// Containers nested in others may be written by turns with what surrounds them, but hardly ever are. So a
// nested container is written in place, behind what its parent has, until the parent or something around it
// is written to again: then it is detached, which means that it gets storage of its own, and inserted when
// its parent is complete.

extension CBOREncoderCore {
    /// Begins a nested value whose parts may be written at any time until its parent is complete.
    func pushNested(in parent: FrameReference, key: KeyPlace) -> FrameReference {
        let outer = frame(parent)
        var nested = EncodeFrame(
            storage: outer.pointee.storage,
            depth: depth(inside: parent.index),
            parent: parent.index,
            key: key
        )
        nested.position = outer.pointee.storage.pointee.count
        outer.pointee.openNested = Int32(state.pointee.frameCount)
        return push(nested)
    }

    /// Detaches the nested container at the end of a frame's storage: the frame is about to write behind it.
    @inline(never)
    func detachNested(from frame: UnsafeMutablePointer<EncodeFrame>) {
        let frames = state.pointee.frames
        let first = frame.pointee.openNested
        let shared = frame.pointee.storage
        let own = takeStorage()
        let start = frames[Int(first)].position
        own.pointee.append(
            UnsafeRawBufferPointer(start: shared.pointee.base + start, count: shared.pointee.count - start)
        )
        shared.pointee.count = start

        frames[Int(first)].ownsStorage = true
        frames[Int(first)].previousDetached = frame.pointee.lastDetached
        frame.pointee.lastDetached = first
        frame.pointee.openNested = -1

        // The containers open inside it move along, and all that is known by its offset there.
        var index = first
        while index >= 0 {
            let moved = frames + Int(index)
            moved.pointee.storage = own
            moved.pointee.head -= start
            var detached = moved.pointee.lastDetached
            while detached >= 0 {
                frames[Int(detached)].position -= start
                frames[Int(detached)].key = frames[Int(detached)].key.moved(by: start)
                detached = frames[Int(detached)].previousDetached
            }
            index = moved.pointee.openNested
            guard index >= 0 else { break }
            frames[Int(index)].position -= start
            frames[Int(index)].key = frames[Int(index)].key.moved(by: start)
        }
    }

    /// Moves what detached containers hold to its place, from the last to the first so that each byte moves
    /// once.
    @inline(never)
    func insertDetached(in frame: UnsafeMutablePointer<EncodeFrame>) {
        let frames = state.pointee.frames
        let storage = frame.pointee.storage
        var total = 0
        var next = frame.pointee.lastDetached
        while next >= 0 {
            total += frames[Int(next)].storage.pointee.count
            next = frames[Int(next)].previousDetached
        }
        var source = storage.pointee.count
        storage.pointee.reserve(total)
        storage.pointee.count += total
        let base = storage.pointee.base
        var target = storage.pointee.count
        next = frame.pointee.lastDetached
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
            next = nested.pointee.previousDetached
        }
    }

    private func takeStorage() -> UnsafeMutablePointer<ByteStorage> {
        if let spare = state.pointee.spareStorage.popLast() { return spare }
        let storage = UnsafeMutablePointer<ByteStorage>.allocate(capacity: 1)
        storage.initialize(to: ByteStorage(capacity: 128))
        return storage
    }

    /// Keeps a few small buffers for the next time.
    func giveBack(_ storage: UnsafeMutablePointer<ByteStorage>) {
        if state.pointee.spareStorage.count < 16 && storage.pointee.capacity <= 16_384 {
            storage.pointee.count = 0
            state.pointee.spareStorage.append(storage)
        } else {
            storage.deinitialize(count: 1)
            storage.deallocate()
        }
    }
}
