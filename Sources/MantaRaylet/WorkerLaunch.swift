package import MantaCore
package import MantaRuntime
package import MantaTransport

/// What a worker process is told when it is started, in a variable of its environment.
package struct WorkerLaunch: LaunchRecord {
    package static let variable = "MANTA_WORKER"
    /// Set beside it, and beside ``NodeLaunch/variable``, for a test bundle, which enters its role before `main`.
    package static let beforeMainVariable = "MANTA_WORKER_BEFORE_MAIN"
    /// The control socket's number in a worker.
    package static let controlDescriptor: Int32 = 3

    package var worker: ProcessID
    package var node: NodeID
    /// The process of the raylet, and of the GCS.
    package var raylet: ProcessID
    package var gcs: ProcessID
    package var rayletActor: ActorID
    package var directory: String
    package var cluster: UInt64
    package var laneCount: Int
    package var dispatch: DispatchMode
    package var namespace: String
    package var logLevel: String
    /// Of its node.
    package var store: StoreLaunch
    /// Where other machines are; `nil` in a cluster of one.
    package var network: NetworkLaunch?
    /// The cluster is for tests, and its network may fail.
    package var hasFaults: Bool

    package init(
        worker: ProcessID,
        node: NodeID,
        raylet: ProcessID,
        gcs: ProcessID,
        rayletActor: ActorID,
        options: RuntimeOptions,
        laneCount: Int,
        logLevel: String,
        store: StoreLaunch
    ) {
        self.worker = worker
        self.node = node
        self.raylet = raylet
        self.gcs = gcs
        self.rayletActor = rayletActor
        directory = options.directory
        cluster = options.cluster
        self.laneCount = laneCount
        dispatch = options.dispatch
        namespace = options.namespace
        self.logLevel = logLevel
        self.store = store
        network = options.network?.launch
        hasFaults = options.faults != nil
    }
}
