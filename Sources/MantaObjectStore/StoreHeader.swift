internal import CMantaShims

/// The header of a store's file (`StoreLayout.swift`).
struct StoreHeader {
    let base: UnsafeMutableRawPointer

    /// Where the lock of the tables is.
    var tableLock: UnsafeMutableRawPointer { base + 128 }
    /// Where the lock is that is held while memory is reserved.
    var growthLock: UnsafeMutableRawPointer { base + 256 }

    var tableLockHolder: UInt32 {
        get { manta_get32(base + 192) }
        nonmutating set { manta_put32(base + 192, newValue) }
    }
    var isBroken: Bool {
        get { manta_get32(base + 196) != 0 }
        nonmutating set { manta_put32(base + 196, newValue ? 1 : 0) }
    }
    var rebuildCount: UInt32 {
        get { manta_get32(base + 200) }
        nonmutating set { manta_put32(base + 200, newValue) }
    }
    var growthLockHolder: UInt32 {
        get { manta_get32(base + 320) }
        nonmutating set { manta_put32(base + 320, newValue) }
    }

    // MARK: What is reserved: changed under the lock of growth, downwards under both

    var reservedData: Int {
        get { Int(manta_get64(base + 328)) }
        nonmutating set { manta_put64(base + 328, UInt64(newValue)) }
    }
    var reservedRecords: UInt32 {
        get { manta_get32(base + 336) }
        nonmutating set { manta_put32(base + 336, newValue) }
    }
    var reservedPins: UInt32 {
        get { manta_get32(base + 340) }
        nonmutating set { manta_put32(base + 340, newValue) }
    }

    // MARK: Under the lock of the tables

    /// Beyond it no extent has been handed out, or all have come back.
    var top: Int {
        get { Int(manta_get64(base + 384)) }
        nonmutating set { manta_put64(base + 384, UInt64(newValue)) }
    }
    var usedByteCount: Int {
        get { Int(manta_get64(base + 392)) }
        nonmutating set { manta_put64(base + 392, UInt64(newValue)) }
    }
    var pinnedByteCount: Int {
        get { Int(manta_get64(base + 400)) }
        nonmutating set { manta_put64(base + 400, UInt64(newValue)) }
    }
    /// Counts reservations and pins, so that the least recently used object can be told.
    var useClock: UInt64 {
        get { manta_get64(base + 408) }
        nonmutating set { manta_put64(base + 408, newValue) }
    }
    var objectCount: UInt32 {
        get { manta_get32(base + 416) }
        nonmutating set { manta_put32(base + 416, newValue) }
    }
    var usedRecords: UInt32 {
        get { manta_get32(base + 420) }
        nonmutating set { manta_put32(base + 420, newValue) }
    }
    var firstUnusedRecord: UInt32 {
        get { manta_get32(base + 424) }
        nonmutating set { manta_put32(base + 424, newValue) }
    }
    var lastExtent: UInt32 {
        get { manta_get32(base + 428) }
        nonmutating set { manta_put32(base + 428, newValue) }
    }
    var usedPins: UInt32 {
        get { manta_get32(base + 432) }
        nonmutating set { manta_put32(base + 432, newValue) }
    }
    var firstUnusedPin: UInt32 {
        get { manta_get32(base + 436) }
        nonmutating set { manta_put32(base + 436, newValue) }
    }

    /// Which of 64 size classes have free extents.
    func classBits(_ word: Int) -> UInt64 { manta_get64(base + 512 + word * 8) }
    func setClassBits(_ word: Int, _ bits: UInt64) { manta_put64(base + 512 + word * 8, bits) }
    func classHead(_ sizeClass: Int) -> UInt32 { manta_get32(base + 1_024 + sizeClass * 4) }
    func setClassHead(_ sizeClass: Int, _ record: UInt32) {
        manta_put32(base + 1_024 + sizeClass * 4, record)
    }

    /// The part that holds bits and heads of the size classes.
    var classes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + 512, count: 128 + 384 + SizeClass.count * 4)
    }
}
