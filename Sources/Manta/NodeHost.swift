internal import Logging
internal import MantaCore
internal import MantaGCS
package import MantaRaylet
package import MantaRuntime
internal import MantaTransport

/// A node apart from the GCS: a raylet that has joined over links, and the workers that it starts.
package final class NodeHost: Sendable {
    package let system: ClusterSystem
    private let raylet: Raylet
    private let processes = WorkerProcesses()
    package let store: NodeStore
    private let client: ClusterClient

    /// Starts the lanes of the node; it has joined its cluster after `join()`.
    ///
    /// - Parameters:
    ///   - launch: What it is told.
    ///   - launcher: Starts its workers.
    ///   - onFenced: Called on its control lane when the cluster has gone on without it; its workers have been ended.
    /// - Returns: The node.
    /// - Throws: ``ClusterError`` when it cannot prove that it belongs to the cluster, or has no memory for objects.
    package static func make(
        _ launch: NodeLaunch,
        launcher: any WorkerLauncher,
        onFenced: @escaping @Sendable () -> Void
    ) async throws -> NodeHost {
        // No actors but those of the control plane live here.
        var options = RuntimeOptions(
            directory: launch.directory,
            cluster: launch.cluster,
            laneCount: 1,
            dispatch: launch.dispatch,
            namespace: launch.namespace
        )
        if launch.hasFaults { options.faults = NetworkFaults() }
        if let network = launch.network { options.network = try Network(network) }
        let logger = Logger(label: "manta.node", level: launch.logLevel)
        let system = ClusterSystem(process: launch.process, options: options, logger: logger)
        do {
            return try NodeHost(launch, launcher: launcher, in: system, onFenced: onFenced)
        } catch {
            await system.stop()
            throw error
        }
    }

    private init(
        _ launch: NodeLaunch,
        launcher: any WorkerLauncher,
        in system: ClusterSystem,
        onFenced: @escaping @Sendable () -> Void
    ) throws {
        self.system = system
        let gcs = try GCS.at(launch.gcs, using: system)
        client = ClusterClient(gcs: gcs, system: system)
        system.setDirectory(GCSDirectory(gcs: gcs, lane: system.control))
        let storeOptions = NodeStore.Options(
            node: launch.node,
            index: 0,
            capacity: launch.storeCapacity,
            spillDirectory: launch.spillDirectory
        )
        store = try NodeStore(storeOptions, in: system)
        var rayletOptions = RayletOptions(
            node: launch.node,
            address: launch.network.map { "\($0.address)" }
                ?? "unix:\(launch.directory)/\(launch.process)",
            resources: launch.resources,
            labels: launch.labels,
            gcs: launch.gcs,
            heartbeat: LinkLimits.Heartbeat(silence: launch.silence),
            logLevel: launch.logLevel,
            sharedWorkerCount: launch.sharedWorkerCount,
            idleWorkerCount: launch.idleWorkerCount,
            workerLaneCount: launch.workerLaneCount,
            launcher: launcher,
            store: store
        )
        // One in a program has its say in that of its driver.
        if launch.network != nil { rayletOptions.logDirectory = NodeFolder.logs(in: launch.directory) }
        raylet = Raylet.make(
            index: 0,
            options: rayletOptions,
            gcs: gcs,
            processes: processes,
            in: system,
            onFenced: { [system] in
                system.cutOff()
                onFenced()
            }
        )
    }

    package func join() async throws {
        await system.chooseDispatch()
        try system.listen()
        try store.begin()
        try await withTaskExecutorPreference(system.control.tasks) { try await raylet.begin() }
        client.follow(for: [raylet])
    }

    /// Ends all workers, after their actors, and tells the cluster that the node is no more; then this part of the process.
    package func leave() async {
        client.stop()
        await withTaskExecutorPreference(system.control.tasks) {
            try? await raylet.stop(within: .seconds(2))
            // Whoever has not heard finds it out.
            try? await withCallOptions(timeout: .seconds(1)) { try await client.gcs.nodeLeft(store.node) }
        }
        await stop()
    }

    /// Ends all workers, after their actors, and waits until they are gone; then this part of the process.
    package func stop() async {
        client.stop()
        await withTaskExecutorPreference(system.control.tasks) { try? await raylet.stop(within: .seconds(2)) }
        await store.stop()
        await system.stop()
    }

    /// Cuts the node off at once, as if its process had ended.
    package func cutOff() {
        client.stop()
        system.cutOff()
        store.cutOff()
    }

    /// Ends the workers at once and takes the node's socket away, for a process that is about to exit.
    package func abandon() {
        processes.killAll()
        store.abandon()
        system.options.removeSockets(of: system.process)
    }
}
