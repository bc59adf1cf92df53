internal import MantaRuntime

/// What is attached to the system of a process that takes part in a cluster.
struct ClusterMember: Sendable {
    let client: ClusterClient
    /// Whatever else lives as long as that.
    let parts: any Sendable
}

extension ClusterSystem {
    /// This process's part in a cluster.
    func client() throws -> ClusterClient {
        guard let client = attached(as: ClusterMember.self)?.client else { throw notConnected() }
        return client
    }

    /// Whether this process takes part in a cluster.
    var isConnected: Bool { attached(as: ClusterMember.self) != nil }
}
