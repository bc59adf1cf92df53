internal import Glibc
internal import Logging
import MantaCore
package import MantaGCS
internal import MantaRaylet
package import MantaRuntime
package import MantaTransport
import Synchronization

/// A whole cluster inside a driver: GCS and raylets in this process, workers as its children.
///
/// `starting → running → stopping → stopped`.
package final class EmbeddedCluster: DriverCluster {
    package let system: ClusterSystem
    package let gcs: GCS
    /// Where its processes listen.
    package var directory: String { session.path }
    private let session: SessionDirectory
    private let outputLane: Lane
    private let client: ClusterClient
    private let raylets: [(raylet: Raylet, processes: WorkerProcesses)]
    /// Of its nodes, in their order; of this process alone, when it has none.
    private let stores: [NodeStore]
    private let end = SharedEnd()

    /// Starts a cluster and returns when its nodes have joined; the first workers start in the background.
    package static func start(_ configuration: ClusterConfiguration) async throws -> EmbeddedCluster {
        try configuration.check()
        return try await start(
            configuration,
            nodeCount: configuration.nodes,
            liveness: NodeLiveness(),
            faults: nil
        )
    }

    /// Starts the head of a cluster: a driver with the GCS, and no node of its own. Nodes join it from elsewhere.
    package static func startHead(
        _ configuration: ClusterConfiguration,
        liveness: NodeLiveness,
        faults: NetworkFaults?
    ) async throws -> EmbeddedCluster {
        // The nodes may be this program too, which then comes here.
        try await ProcessRole.serveUnlessDriver()
        try configuration.check()
        return try await start(configuration, nodeCount: 0, liveness: liveness, faults: faults)
    }

    private static func start(
        _ configuration: ClusterConfiguration,
        nodeCount: Int,
        liveness: NodeLiveness,
        faults: NetworkFaults?
    ) async throws -> EmbeddedCluster {
        let cluster = try EmbeddedCluster(configuration, nodeCount, liveness, faults)
        do {
            try await cluster.begin()
        } catch {
            await cluster.stop()
            throw error
        }
        return cluster
    }

    private init(
        _ configuration: ClusterConfiguration,
        _ nodeCount: Int,
        _ liveness: NodeLiveness,
        _ faults: NetworkFaults?
    ) throws {
        let clusterNumber = UInt64.random(in: 1 ... .max)
        session = try SessionDirectory(cluster: clusterNumber)
        var options = configuration.runtimeOptions(directory: session.path, cluster: clusterNumber)
        options.faults = faults
        let logger = configuration.makeLogger()
        let system = ClusterSystem(
            process: .newHost(),
            options: options,
            logger: logger
        )
        let outputLane = Lane(name: "manta-output", index: 253)
        let gcs = GCS.make(in: system, liveness: liveness) { id in
            RayletHandle(try Raylet.resolve(id: id, using: system))
        }
        // The nodes share the machine's memory, unless the program has said how much each is to have.
        let isDefault = configuration.storeCapacity == NodeStore.defaultCapacity
        let capacity = configuration.storeCapacity / (isDefault ? max(1, nodeCount) : 1)
        let stores = try (0..<max(1, nodeCount)).map { index in
            let options = NodeStore.Options(
                node: NodeID(.random(in: 1 ... .max)),
                index: index,
                capacity: capacity,
                spillDirectory: configuration.spillDirectory
            )
            return try NodeStore(options, in: system)
        }
        let programs = ProgramCache(directory: "\(session.path)/programs", logger: logger)
        let launcher = ProcessLauncher(program: .current, outputLane: outputLane, logger: logger)
        raylets = (0..<nodeCount).map { index in
            var options = RayletOptions(
                node: stores[index].node,
                address: "embedded",
                resources: configuration.resources,
                labels: configuration.labels,
                gcs: system.process,
                heartbeat: liveness.heartbeat,
                logLevel: configuration.logLevel.rawValue,
                sharedWorkerCount: configuration.sharedWorkers,
                idleWorkerCount: configuration.idleWorkers,
                workerLaneCount: configuration.lanes,
                launcher: launcher,
                store: stores[index]
            )
            if let silence = configuration.workerSilence {
                options.workerHeartbeat = LinkLimits.Heartbeat(silence: silence)
            }
            options.ownJob = system.process
            options.programs = programs
            let processes = WorkerProcesses()
            return (
                Raylet.make(index: index, options: options, gcs: gcs, processes: processes, in: system),
                processes
            )
        }
        self.stores = stores
        self.system = system
        self.gcs = gcs
        client = ClusterClient(gcs: gcs, system: system)
        self.outputLane = outputLane
    }

    /// Where other drivers on this machine find it.
    var address: ClusterAddress {
        ClusterAddress(
            directory: session.path,
            card: SessionCard(cluster: system.options.cluster, gcs: system.process)
        )
    }

    private func begin() async throws {
        system.setDirectory(GCSDirectory(gcs: gcs, lane: system.control))
        system.attach(ClusterMember(client: client, parts: self))
        await system.chooseDispatch()
        try system.listen()
        for store in stores { try store.begin() }
        try session.publish(address.card)
        let system = system
        try await withTaskExecutorPreference(system.control.tasks) {
            for (raylet, _) in raylets { try await raylet.begin() }
            try await gcs.driverJoined(
                ProcessRecord(
                    id: system.process,
                    node: .none,
                    endpoint: system.options.endpoint(of: system.process),
                    operatingSystemID: getpid()
                ),
                job: .current(system.process, namespace: system.options.namespace, program: nil)
            )
        }
        client.follow(for: raylets.map(\.raylet))
    }

    /// Ends all workers, closes all links and removes what the cluster made; returns when that is done,
    /// however often it is called.
    package func stop() async {
        await end.reach { await self.finish() }
    }

    private func finish() async {
        client.stop()
        await withTaskExecutorPreference(system.control.tasks) {
            await withDiscardingTaskGroup { group in
                for (raylet, _) in raylets {
                    group.addTask(executorPreference: system.control.tasks) {
                        try? await raylet.stop(within: .seconds(2))
                    }
                }
            }
        }
        try? await withTaskExecutorPreference(system.control.tasks) { try await gcs.stop() }
        for store in stores { await store.stop() }
        await system.stop()
        await outputLane.stop()
        session.remove()
    }

    /// The process is about to exit: ends the workers and removes the files, without waiting for anything.
    func abandon() {
        guard !end.isDone else { return }
        for (_, processes) in raylets { processes.killAll() }
        for store in stores { store.abandon() }
        session.remove()
    }
}
