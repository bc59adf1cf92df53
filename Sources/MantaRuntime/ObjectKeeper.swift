package import MantaCore

/// A node's store, for who looks for an object or its keeper.
package struct ObjectPlace: Hashable, Sendable, Codable {
    package var node: NodeID
    /// The process that keeps the store.
    package var process: ProcessID
    /// Where objects are fetched from.
    package var bulk: Endpoint

    package init(node: NodeID, process: ProcessID, bulk: Endpoint) {
        self.node = node
        self.process = process
        self.bulk = bulk
    }
}

/// Why an object is fetched: where there is not room for all, who reads goes before who only may.
package enum FetchNeed: UInt8, Sendable, Codable {
    /// Somebody waits for it to read it.
    case reading
    /// A call has come whose argument it is.
    case argument
}

/// The keeper of the own node's store, which may be in another process.
package protocol ObjectKeeper: Sendable {
    var place: ObjectPlace { get }
    /// Brings an object into the store: from another node, or from the disk.
    func fetch(_ id: ObjectID, owner: ProcessID, for need: FetchNeed) async throws
    /// Tries to make room for an object of this size, and returns after a moment when there was nothing to free.
    func makeRoom(_ byteCount: Int) async throws
    /// Room for so many bytes is wanted, and nobody waits for it; 0 says only that the store gets full.
    func nudge(_ byteCount: Int)
}

/// A keeper in this very process.
package protocol LocalKeeper: AnyObject, Sendable {
    var place: ObjectPlace { get }
    /// An object that is in the node's store is this process's from now on; whether it is there.
    func take(_ id: ObjectID) async throws -> Bool
    /// Frees what the node has of an object.
    func forget(_ id: ObjectID)
    /// Frees what these processes owned, and takes back what they held.
    func ended(_ processes: [ProcessID])
    /// The processes that own what the node has.
    func owners() async -> Set<ProcessID>
}
