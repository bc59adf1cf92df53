package import MantaCore

/// Where a directory is kept, so that it is there again after the head of the cluster has ended, however it did.
///
/// It holds entries, bytes by key, and knows nothing of what they mean. The same entries may be committed again.
package protocol DirectoryStorage: Sendable {
    /// What people know it by.
    var name: String { get }

    /// All entries, in no order.
    ///
    /// - Throws: ``ClusterError`` when they are not what was committed, or cannot be read.
    func load() async throws -> [StoredEntry]

    /// Makes changes: all of them or, when it throws or the process ends meanwhile, all or none. An entry without a value is
    /// removed. Returns when they are durable. One commit at a time.
    ///
    /// - Throws: ``ClusterError``: `outOfDisk` when there is no room, and nothing has changed: it may be tried again. Any other when
    ///   it cannot be, or another head has taken over: the caller serves no longer.
    func commit(_ changes: [StoredEntry]) async throws

    /// Calls `lost`, once, when another head may take over, or has, without waiting for a commit to fail.
    func whenLost(_ lost: @escaping @Sendable (ClusterError) -> Void)

    /// Gives the storage up for another head.
    func close() async
}

extension DirectoryStorage {
    /// What one head has to itself is lost only by a commit that fails.
    package func whenLost(_ lost: @escaping @Sendable (ClusterError) -> Void) {}
}

/// One entry of a stored directory.
package struct StoredEntry: Hashable, Sendable {
    package struct Key: Hashable, Sendable {
        package var kind: Kind
        package var id: UInt64

        package init(_ kind: Kind, _ id: UInt64) {
            self.kind = kind
            self.id = id
        }
    }

    /// What an entry is about. The numbers are stored: they may not change.
    package enum Kind: UInt8, CaseIterable, Sendable {
        /// The format, and whose directory it is: a single entry.
        case identity = 0
        /// A single entry.
        case counters = 1
        case node = 2
        case process = 3
        case actor = 4
        /// The leases of an actor that are being ended.
        case ending = 5
        case job = 6
    }

    package var key: Key
    /// `nil` for an entry that is removed.
    package var value: [UInt8]?

    package init(_ key: Key, _ value: [UInt8]?) {
        self.key = key
        self.value = value
    }
}
