package import MantaCore

/// One node's objects, as one process of the node sees them.
package final class ObjectStore: Sendable {
    /// What the store of a node is made of.
    package struct Options: Sendable {
        /// How much its objects may take, in bytes.
        package var capacity: Int
        /// A folder in memory (`tmpfs`).
        package var directory = "/dev/shm"

        package init(capacity: Int) { self.capacity = capacity }
    }

    /// Where another process of the node finds it.
    package struct Address: Hashable, Sendable, Codable {
        package var path: String
        package var capacity: Int
    }

    package enum Role: UInt8, Sendable, Codable {
        /// The copy that must not be lost: it is spilled, never evicted.
        case primary = 1
        /// A copy of an object that another node has: it may be evicted.
        case copy = 2
    }

    package struct Figures: Hashable, Sendable, Codable {
        package var capacity = 0
        /// What sealed and unsealed objects take, rounded to what is handed out.
        package var usedByteCount = 0
        package var objectCount = 0
        package var pinnedByteCount = 0
        /// What the system has reserved for the whole store.
        package var reservedByteCount = 0
    }

    package struct Entry: Hashable, Sendable {
        package var id: ObjectID
        package var owner: ProcessID
        package var role: Role
        package var byteCount: Int
        /// What it takes in the store.
        package var allocatedByteCount: Int
        package var pinCount: Int
        package var isSealed: Bool
        /// Freed, and kept only because somebody reads it.
        package var isDoomed: Bool
        /// Of the monotonic clock, in nanoseconds.
        package var created: Moment
    }

    package let address: Address

    /// Makes the store of a node; this process keeps it.
    package static func create(_ options: Options, keeper: ProcessID) throws(ClusterError) -> ObjectStore {
        fatalError()
    }

    /// Opens a store that another process keeps.
    package static func open(_ address: Address, as process: ProcessID) throws(ClusterError) -> ObjectStore {
        fatalError()
    }

    init(address: Address) { self.address = address }

    package func reserve(
        _ id: ObjectID,
        owner: ProcessID,
        byteCount: Int,
        lead: Int = 0,
        role: Role = .primary,
        holdsReferences: Bool = false
    ) throws(ClusterError) -> Reservation? {
        fatalError()
    }

    package func pin(_ id: ObjectID) throws(ClusterError) -> ObjectPin? { fatalError() }
    package func contains(_ id: ObjectID) throws(ClusterError) -> Bool { fatalError() }
    @discardableResult
    package func free(_ id: ObjectID) throws(ClusterError) -> Bool { fatalError() }

    // MARK: For the keeper

    package func takeBackFromTheDead() throws(ClusterError) -> [ProcessID] { fatalError() }
    @discardableResult
    package func freeAll(ownedBy owner: ProcessID) throws(ClusterError) -> Int { fatalError() }
    package func victims(byteCount: Int) throws(ClusterError) -> [Entry] { fatalError() }
    package func evict(_ id: ObjectID) throws(ClusterError) -> Bool { fatalError() }
    package func surrender(_ pin: ObjectPin) throws(ClusterError) -> Bool { fatalError() }
    package func prepare(byteCount: Int) throws(ClusterError) -> Int { fatalError() }
    package func figures() throws(ClusterError) -> Figures { fatalError() }
    package func entries() throws(ClusterError) -> [Entry] { fatalError() }
}

/// Room for an object that is being written.
package final class Reservation: @unchecked Sendable {
    package let id: ObjectID
    package var bytes: UnsafeMutableRawBufferPointer { fatalError() }
    package func seal() throws(ClusterError) { fatalError() }
    init() { fatalError() }
}

/// An object that stays where it is for as long as this lives.
package final class ObjectPin: Sendable {
    package var id: ObjectID { fatalError() }
    package var owner: ProcessID { fatalError() }
    package var role: ObjectStore.Role { fatalError() }
    package var lead: Int { fatalError() }
    package var holdsReferences: Bool { fatalError() }
    package var bytes: UnsafeRawBufferPointer { fatalError() }
}
