package import MantaCore

extension ObjectStore {
    /// What the store of a node is made of.
    package struct Options: Sendable {
        /// How much its objects may take, in bytes; rounded up to 4 KiB.
        package var capacity: Int
        /// A folder in memory (`tmpfs`). Where files without a name cannot be made there, the store is in memory that
        /// belongs to no folder.
        package var directory = "/dev/shm"

        package init(capacity: Int) { self.capacity = capacity }
    }

    /// Where another process of the node finds it.
    package struct Address: Hashable, Sendable, Codable {
        package var path: String
        package var capacity: Int

        package init(path: String, capacity: Int) {
            self.path = path
            self.capacity = capacity
        }
    }

    package enum Role: UInt8, Sendable, Codable {
        /// The copy that must not be lost: it is spilled, never evicted.
        case primary = 1
        /// A copy of an object that another node has: it may be evicted.
        case copy = 2
    }

    package struct Figures: Hashable, Sendable, Codable {
        package var capacity = 0
        /// What sealed and unsealed objects take, rounded to what is handed out: the sum over `entries()`.
        package var usedByteCount = 0
        package var objectCount = 0
        package var pinnedByteCount = 0
        /// What the system has reserved for the whole store, its tables included.
        package var reservedByteCount = 0
    }

    package struct Entry: Hashable, Sendable {
        package var id: ObjectID
        package var owner: ProcessID
        package var role: Role
        package var byteCount: Int
        /// What it takes in the store.
        package var allocatedByteCount: Int
        /// How many processes pin it.
        package var pinCount: Int
        package var isSealed: Bool
        /// Freed, and kept only because somebody reads or writes it.
        package var isDoomed: Bool
        /// Of the monotonic clock, in nanoseconds.
        package var created: Moment
    }
}
