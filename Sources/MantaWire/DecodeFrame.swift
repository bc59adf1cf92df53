/// One value that is being read: what its `init(from:)` has asked for so far.
struct DecodeFrame {
    /// The first byte of the item, tags included.
    let start: Int
    let key: KeyPlace
    /// The frame of the value this one is part of; `-1` at the top.
    let parent: Int32
    /// Arrays and maps around this value.
    let depth: Int32
    /// Tells this frame from earlier ones at the same place in the stack.
    var serial: UInt32 = 0
    /// In a nested container: its parent learns where it ends when both are complete.
    var isNested = false

    /// The container that has been opened, if any.
    var items: CBORItems?
    /// How far the container has been read.
    var cursor = 0
    /// Elements or pairs behind the cursor; counts nothing when the length is indefinite.
    var remaining = 0
    /// Where the item ends, if a single-value container has found out.
    var end = -1
}

/// The contents of an array or a map in the input.
struct CBORItems {
    /// The first element or key.
    let start: Int
    /// Elements or pairs; `nil` when the length is indefinite.
    let count: Int?
    let isMap: Bool
}

/// A key and its value in the input.
struct CBORPair {
    let key: Int
    let value: Int
    /// How many pairs follow; counts nothing when the length is indefinite.
    let after: Int
}
