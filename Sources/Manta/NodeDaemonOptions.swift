package import Logging
package import MantaCore
package import MantaGCS
internal import MantaRaylet
package import MantaTransport

/// How a node is set up that is a daemon of its machine.
package struct NodeDaemonOptions: Sendable {
    /// Its folder: sockets, logs, programs, and the head's data.
    package var directory: String
    /// Where its port listens: an address of this machine, in numbers. Port 0 takes a free one.
    package var bind: NodeAddress
    /// The host by which other nodes reach it; the one that it listens at for `nil`.
    package var advertisedHost: String?
    /// Where the head is, or may be; empty for one that alone is the head.
    package var heads: [NodeAddress]
    package var head = HeadRole.none
    package var security: SecurityFiles
    package var resources: Resources
    package var labels: [String: String]
    /// How much the objects in its store may take, in bytes.
    package var storeCapacity: Int
    /// Where objects go that the store has no room for; `nil`: nowhere.
    package var spillDirectory: String?
    package var liveness = NodeLiveness(bound: .seconds(3))
    package var logger: Logger

    package init(
        directory: String,
        bind: NodeAddress,
        heads: [NodeAddress] = [],
        security: SecurityFiles,
        configuration: ClusterConfiguration,
        logger: Logger
    ) {
        self.directory = directory
        self.bind = bind
        self.heads = heads
        self.security = security
        self.logger = logger
        resources = configuration.resources
        labels = configuration.labels
        storeCapacity = configuration.storeCapacity
        spillDirectory = configuration.spillDirectory
        sharedWorkers = configuration.sharedWorkers
        idleWorkers = configuration.idleWorkers
        lanes = configuration.lanes
    }

    /// See ``ClusterConfiguration``.
    package var sharedWorkers: Int
    package var idleWorkers: Int
    package var lanes: Int
}
