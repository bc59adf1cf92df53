package import MantaCore
package import MantaGCS

/// Whether a node hosts the GCS of its cluster.
package enum HeadRole: Sendable {
    /// It does not: the head is elsewhere.
    case none
    /// It does, and the directory ends with it.
    case inMemory
    /// It does, with the directory that is kept here.
    case stored(any DirectoryStorage)
    /// It does while it is elected, among others that may too.
    case candidate(any HeadElection)
}

/// Makes one of several nodes the head, at a time.
package protocol HeadElection: Sendable {
    /// Waits until this node is elected.
    ///
    /// - Parameter address: Where others reach it.
    /// - Returns: The directory, which nobody may change who was elected before.
    /// - Throws: `CancellationError`, or ``ClusterError`` when no election can be held now.
    func campaign(at address: NodeAddress) async throws -> any DirectoryStorage

    /// Lets another one be elected, soon.
    func resign() async
}
