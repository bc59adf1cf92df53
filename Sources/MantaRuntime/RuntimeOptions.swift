internal import Glibc
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
    /// How to reach the processes of other machines; `nil` in a cluster of one machine.
    package var network: Network?
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

    /// Where a process of this node listens.
    package func socketPath(of process: ProcessID) -> String { "\(directory)/\(process)" }

    /// Where others find a process of this node.
    package func endpoint(of process: ProcessID) -> Endpoint {
        network.map { .node($0.address) } ?? .unix(path: socketPath(of: process))
    }

    /// Removes what a process of this node that has ended could not remove itself.
    package func removeSockets(of process: ProcessID) {
        unlink(socketPath(of: process))
        unlink(HandoverPort.path(beside: socketPath(of: process)))
    }
}
