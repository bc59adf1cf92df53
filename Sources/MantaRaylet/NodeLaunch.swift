package import MantaCore
package import MantaRuntime
package import MantaTransport

/// What a node host is told when it is started: a process with a raylet, in a cluster of which the GCS is elsewhere.
package struct NodeLaunch: LaunchRecord {
    package static let variable = "MANTA_NODE"
    /// The number, in a node process, of the socket that ends with whoever started it.
    package static let lifelineDescriptor: Int32 = 3

    /// The process, and its node.
    package var process: ProcessID
    package var node: NodeID
    package var gcs: ProcessID
    package var directory: String
    package var cluster: UInt64
    package var dispatch: DispatchMode
    package var namespace: String
    package var logLevel: String
    package var resources: Resources
    package var labels: [String: String]
    package var sharedWorkerCount: Int
    package var idleWorkerCount: Int
    package var workerLaneCount: Int
    /// Where other machines are; `nil` in a cluster of one.
    package var network: NetworkLaunch?
    /// How long the process of the GCS may be silent.
    package var silence: Duration
    package var hasFaults: Bool
    /// How much the objects in its store may take, in bytes.
    package var storeCapacity: Int
    /// Where objects go that the store has no room for; `nil`: nowhere.
    package var spillDirectory: String?

    package init(
        process: ProcessID,
        node: NodeID,
        gcs: ProcessID,
        options: RuntimeOptions,
        logLevel: String,
        resources: Resources,
        labels: [String: String] = [:],
        sharedWorkerCount: Int,
        idleWorkerCount: Int,
        workerLaneCount: Int,
        silence: Duration,
        storeCapacity: Int,
        spillDirectory: String?
    ) {
        self.process = process
        self.node = node
        self.gcs = gcs
        directory = options.directory
        cluster = options.cluster
        dispatch = options.dispatch
        namespace = options.namespace
        self.logLevel = logLevel
        self.resources = resources
        self.labels = labels
        self.sharedWorkerCount = sharedWorkerCount
        self.idleWorkerCount = idleWorkerCount
        self.workerLaneCount = workerLaneCount
        self.silence = silence
        self.storeCapacity = storeCapacity
        self.spillDirectory = spillDirectory
        network = options.network?.launch
        hasFaults = options.faults != nil
    }
}
