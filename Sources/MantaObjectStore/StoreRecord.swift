internal import CMantaShims
internal import MantaCore

/// One record of the store's table: an extent of the data and, when it is in use, the object in it.
///
/// Offsets are told in `StoreLayout.swift`.
struct StoreRecord {
    let base: UnsafeMutableRawPointer

    /// `unused → free → unsealed → sealed → free`, with `doomed` on the way when somebody still has the object.
    enum State {
        /// The record has no extent.
        static let unused: UInt32 = 0
        /// Its extent belongs to no object.
        static let free: UInt32 = 1
        /// An object that is being written.
        static let unsealed: UInt32 = 2
        static let sealed: UInt32 = 3
        /// Added to the two above: freed, and only kept for who writes or reads it. Its id is nobody's any more.
        static let doomed: UInt32 = 4
        static let doomedUnsealed = unsealed | doomed
        static let doomedSealed = sealed | doomed

        static func isObject(_ state: UInt32) -> Bool { state >= unsealed }
        static func isSealed(_ state: UInt32) -> Bool { state & 3 == sealed }
        static func isDoomed(_ state: UInt32) -> Bool { state & doomed != 0 }
    }

    var state: UInt32 {
        get { manta_get32(base) }
        nonmutating set { manta_put32(base, newValue) }
    }

    /// For the one change that is made without the lock, by who seals, and for what may meet it.
    func exchangeState(_ expected: UInt32, _ value: UInt32) -> Bool {
        manta_exchange32(base, expected, value) != 0
    }

    var nextInBucket: UInt32 {
        get { manta_get32(base + 4) }
        nonmutating set { manta_put32(base + 4, newValue) }
    }
    var id: ObjectID {
        get { ObjectID(creator: ProcessID(manta_get64(base + 8)), serial: manta_get64(base + 16)) }
        nonmutating set {
            manta_put64(base + 8, newValue.creator.rawValue)
            manta_put64(base + 16, newValue.serial)
        }
    }
    /// Where the extent begins, in bytes from the start of the data.
    var offset: Int {
        get { Int(manta_get64(base + 24)) }
        nonmutating set { manta_put64(base + 24, UInt64(newValue)) }
    }
    /// What the extent takes.
    var allocated: Int {
        get { Int(manta_get64(base + 32)) }
        nonmutating set { manta_put64(base + 32, UInt64(newValue)) }
    }
    var end: Int { offset + allocated }
    /// What the object has.
    var byteCount: Int {
        get { Int(manta_get64(base + 40)) }
        nonmutating set { manta_put64(base + 40, UInt64(newValue)) }
    }
    var lastUse: UInt64 {
        get { manta_get64(base + 48) }
        nonmutating set { manta_put64(base + 48, newValue) }
    }
    /// How many clients pin it.
    var pinCount: UInt32 {
        get { manta_get32(base + 56) }
        nonmutating set { manta_put32(base + 56, newValue) }
    }
    var traits: ObjectTraits {
        get { ObjectTraits(packed: manta_get32(base + 60)) }
        nonmutating set { manta_put32(base + 60, newValue.packed) }
    }
    var owner: ProcessID {
        get { ProcessID(manta_get64(base + 64)) }
        nonmutating set { manta_put64(base + 64, newValue.rawValue) }
    }
    var created: Moment {
        get { Moment(nanoseconds: manta_get64(base + 72)) }
        nonmutating set { manta_put64(base + 72, newValue.nanoseconds) }
    }
    /// The slot of the client that writes it.
    var writer: UInt32 {
        get { manta_get32(base + 80) }
        nonmutating set { manta_put32(base + 80, newValue) }
    }
    var before: UInt32 {
        get { manta_get32(base + 84) }
        nonmutating set { manta_put32(base + 84, newValue) }
    }
    var after: UInt32 {
        get { manta_get32(base + 88) }
        nonmutating set { manta_put32(base + 88, newValue) }
    }
    var previousInList: UInt32 {
        get { manta_get32(base + 92) }
        nonmutating set { manta_put32(base + 92, newValue) }
    }
    var nextInList: UInt32 {
        get { manta_get32(base + 96) }
        nonmutating set { manta_put32(base + 96, newValue) }
    }
}
