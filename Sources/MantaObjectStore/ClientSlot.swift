internal import CMantaShims
internal import MantaCore

/// One client's slot: a process, or in tests one of several, that has the store open.
struct ClientSlot {
    let base: UnsafeMutableRawPointer

    var process: ProcessID {
        get { ProcessID(manta_get64(base)) }
        nonmutating set { manta_put64(base, newValue.rawValue) }
    }
    var isTaken: Bool {
        get { manta_get32(base + 8) != 0 }
        nonmutating set { manta_put32(base + 8, newValue ? 1 : 0) }
    }
    /// The operating system's number.
    var systemProcess: UInt32 {
        get { manta_get32(base + 12) }
        nonmutating set { manta_put32(base + 12, newValue) }
    }
    /// How often the slot was taken: tells its present client from an earlier one.
    var turn: UInt32 {
        get { manta_get32(base + 16) }
        nonmutating set { manta_put32(base + 16, newValue) }
    }
}
