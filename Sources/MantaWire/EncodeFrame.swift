/// One value that is being written: what its `encode(to:)` has asked for so far.
struct EncodeFrame {
    enum Shape: UInt8 { case undecided, map, array, single }

    /// Where the value is written: with its parent, or in storage of its own.
    var storage: UnsafeMutablePointer<ByteStorage>
    var shape = Shape.undecided
    /// Arrays and maps around this value.
    var depth: Int32
    /// The frame of the value or container this one is part of; `-1` at the top.
    var parent: Int32
    /// Tells this frame from earlier ones at the same place in the stack.
    var serial: UInt32 = 0
    /// Where in the parent's storage the key was written.
    var key: KeyPlace
    /// Where the head is, one byte to begin with.
    var head = 0
    /// Elements, pairs, or single values written.
    var count = 0

    /// The nested container that is being written at the end of this one's storage; `-1` if there is none.
    var openNested: Int32 = -1
    /// The last nested container with storage of its own, which leads to those before it; `-1` if there is
    /// none.
    var lastDetached: Int32 = -1

    /// In a nested container: where it begins in the parent's storage.
    var position = 0
    /// In a nested container with storage of its own: the one before it.
    var previousDetached: Int32 = -1
    var ownsStorage = false
}

/// Names a frame from a container or encoder that the program holds.
struct FrameReference {
    let index: Int32
    let serial: UInt32
}
