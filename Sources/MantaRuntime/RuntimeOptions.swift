package import MantaCore
package import MantaTransport

/// How a process takes part in a cluster.
package struct RuntimeOptions: Sendable {
    /// Where the processes of this machine listen, a folder of mode 0700.
    package var directory: String
    /// A number for the cluster; processes of different ones refuse each other.
    package var cluster: UInt64
    /// How many lanes carry actors.
    package var laneCount: Int
    package var dispatch: DispatchMode
    /// Where the names of this program's actors count, if they do not say otherwise.
    package var namespace: String
    package var linkLimits = LinkLimits()
    /// For tests: what this process cannot reach for now.
    package var faults: NetworkFaults?

    package init(
        directory: String,
        cluster: UInt64,
        laneCount: Int,
        dispatch: DispatchMode = .fastestKnown,
        namespace: String = QualifiedName.defaultNamespace
    ) {
        self.directory = directory
        self.cluster = cluster
        self.laneCount = max(1, min(laneCount, 64))
        self.dispatch = dispatch
        self.namespace = namespace
    }

    /// Where the process `id` of this machine listens.
    package func endpoint(of process: ProcessID) -> Endpoint { .unix(path: "\(directory)/\(process)") }
}
