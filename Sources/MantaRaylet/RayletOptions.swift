package import MantaCore
import MantaRuntime
package import MantaTransport

/// What a raylet is told of its node.
package struct RayletOptions: Sendable {
    package var node: NodeID
    package var address: String
    package var resources: Resources
    package var labels: [String: String]
    /// The process that hosts the GCS.
    package var gcs: ProcessID
    /// On the control links with that process.
    package var heartbeat: LinkLimits.Heartbeat
    package var logLevel: String
    /// How many shared workers to have before actors share, and how many idle ones to keep ready.
    package var sharedWorkerCount: Int
    package var idleWorkerCount: Int
    /// How many lanes each worker has for actors.
    package var workerLaneCount: Int
    /// On the control links with workers. One that is silent for longer is taken for dead, and ended.
    package var workerHeartbeat = LinkLimits.Heartbeat(interval: .seconds(1), bound: .seconds(15))
    package var launcher: any WorkerLauncher
    package var store: NodeStore
    /// The job whose workers are started before anybody asks, from the launcher's own program: that of a driver which hosts
    /// its cluster. `nil` elsewhere.
    package var ownJob: ProcessID?
    /// Where programs of jobs are kept; `nil`: in the folder of the system.
    package var programs: ProgramCache?
    /// Where the folders of jobs are in which their workers' output is kept; `nil`: it only goes to the log.
    package var logDirectory: String?

    package init(
        node: NodeID,
        address: String,
        resources: Resources,
        labels: [String: String],
        gcs: ProcessID,
        heartbeat: LinkLimits.Heartbeat,
        logLevel: String,
        sharedWorkerCount: Int,
        idleWorkerCount: Int,
        workerLaneCount: Int,
        launcher: any WorkerLauncher,
        store: NodeStore
    ) {
        self.node = node
        self.address = address
        self.resources = resources
        self.labels = labels
        self.gcs = gcs
        self.heartbeat = heartbeat
        self.logLevel = logLevel
        self.sharedWorkerCount = sharedWorkerCount
        self.idleWorkerCount = idleWorkerCount
        self.workerLaneCount = workerLaneCount
        self.launcher = launcher
        self.store = store
    }

    func launch(_ worker: ProcessID, raylet: ActorID, system: ClusterSystem) -> WorkerLaunch {
        WorkerLaunch(
            worker: worker,
            node: node,
            raylet: system.process,
            gcs: gcs,
            rayletActor: raylet,
            options: system.options,
            laneCount: workerLaneCount,
            logLevel: logLevel,
            store: store.launch
        )
    }
}
