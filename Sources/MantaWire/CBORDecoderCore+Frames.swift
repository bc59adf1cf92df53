extension CBORDecoderCore {
    /// The frame, or `nil` once the value that it was made for is complete.
    @inline(__always)
    func frame(_ reference: FrameReference) -> UnsafeMutablePointer<DecodeFrame>? {
        guard Int(reference.index) < state.pointee.frameCount else { return nil }
        let frame = state.pointee.frames + Int(reference.index)
        return frame.pointee.serial == reference.serial ? frame : nil
    }

    /// The frame's index for values inside it; `-1`, as at the top, if it is no more.
    func index(_ reference: FrameReference) -> Int32 {
        frame(reference) == nil ? -1 : reference.index
    }

    func depth(inside parent: Int32) -> Int32 {
        guard parent >= 0 else { return 0 }
        let frame = state.pointee.frames + Int(parent)
        return frame.pointee.depth + (frame.pointee.items == nil ? 0 : 1)
    }

    @inline(__always)
    func push(_ frame: DecodeFrame) -> FrameReference {
        if state.pointee.frameCount == state.pointee.capacity { growFrames() }
        let index = state.pointee.frameCount
        state.pointee.serial &+= 1
        let slot = state.pointee.frames + index
        slot.initialize(to: frame)
        slot.pointee.serial = state.pointee.serial
        state.pointee.frameCount = index &+ 1
        return FrameReference(index: Int32(truncatingIfNeeded: index), serial: state.pointee.serial)
    }

    /// Forgets a frame and all above it.
    func pop(_ reference: FrameReference) {
        state.pointee.frameCount = Int(reference.index)
    }

    @inline(never)
    private func growFrames() {
        let larger = UnsafeMutablePointer<DecodeFrame>.allocate(capacity: state.pointee.capacity * 2)
        larger.moveInitialize(from: state.pointee.frames, count: state.pointee.frameCount)
        if state.pointee.capacity > Self.inlineFrames { state.pointee.frames.deallocate() }
        state.pointee.frames = larger
        state.pointee.capacity *= 2
    }

    /// Opens the array or map at `start`, or finds the one opened before.
    func open(_ reference: FrameReference, at start: Int, asMap: Bool, for type: Any.Type) throws -> CBORItems
    {
        let frame = frame(reference)
        if let items = frame?.pointee.items, items.isMap == asMap { return items }
        var reader = reader(at: start)
        let head = try reader.readUntaggedHead()
        guard head.major == (asMap ? 5 : 4) else {
            let error = reader.mismatch(type, found: head, at: start)
            throw explain(error, type, at: start, parent: index(reference), key: .none)
        }
        let items = CBORItems(
            start: reader.cursor,
            count: head.isIndefinite ? nil : Int(head.argument),
            isMap: asMap
        )
        if let frame {
            guard frame.pointee.depth < Int32(CBOR.depthLimit) else { throw reader.tooDeep() }
            frame.pointee.items = items
            frame.pointee.cursor = items.start
            frame.pointee.remaining = items.count ?? 0
        }
        return items
    }

    /// Notes that a container has been read up to `offset`.
    @inline(__always)
    func advance(_ reference: FrameReference, to offset: Int, after remaining: Int) {
        guard let frame = frame(reference), offset > frame.pointee.cursor else { return }
        frame.pointee.cursor = offset
        frame.pointee.remaining = remaining
    }

    // MARK: Completion

    /// Finds where a value ends and forgets it and the containers nested in it.
    @inline(__always)
    func finishFrames(from index: Int) throws(WireError) -> Int {
        var last = state.pointee.frameCount &- 1
        while last > index {
            let nested = state.pointee.frames[last]
            if nested.isNested, nested.parent >= 0 {
                let parent = state.pointee.frames + Int(nested.parent)
                if parent.pointee.cursor == nested.key.offset {
                    parent.pointee.cursor = try end(of: state.pointee.frames + last)
                    parent.pointee.remaining &-= 1
                }
            }
            last &-= 1
        }
        let end = try end(of: state.pointee.frames + index)
        state.pointee.frameCount = index
        return end
    }

    @inline(__always)
    private func end(of frame: UnsafeMutablePointer<DecodeFrame>) throws(WireError) -> Int {
        if frame.pointee.end >= 0 { return frame.pointee.end }
        if let items = frame.pointee.items {
            if !state.pointee.indexes.isEmpty { state.pointee.indexes[items.start] = nil }
            if items.count != nil && frame.pointee.remaining == 0 { return frame.pointee.cursor }
        }
        return try skippedEnd(of: frame)
    }

    /// Skips what the value has not asked for.
    @inline(never)
    private func skippedEnd(of frame: UnsafeMutablePointer<DecodeFrame>) throws(WireError) -> Int {
        let depth = Int(frame.pointee.depth)
        guard let items = frame.pointee.items else {
            var reader = reader(at: frame.pointee.start)
            try reader.skipItem(depth: depth)
            return reader.cursor
        }
        var reader = reader(at: frame.pointee.cursor)
        if items.count == nil {
            while try !reader.takeBreak() {
                if items.isMap { try reader.skipItem(depth: depth + 1) }
                try reader.skipItem(depth: depth + 1)
            }
        } else {
            for _ in 0..<(frame.pointee.remaining * (items.isMap ? 2 : 1)) {
                try reader.skipItem(depth: depth + 1)
            }
        }
        return reader.cursor
    }
}
