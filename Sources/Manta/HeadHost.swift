internal import Glibc
package import Logging
internal import MantaCore
package import MantaGCS
internal import MantaRaylet
package import MantaRuntime
package import MantaTransport

/// The GCS of a cluster of several machines, apart from any driver and any node.
///
/// Its process keeps its identifier over restarts, so whoever knew the GCS before finds it again.
package final class HeadHost: Sendable {
    package let system: ClusterSystem
    package let gcs: GCS

    /// Starts its lanes; it answers after `start()`.
    ///
    /// - Parameters:
    ///   - directory: Where the processes of its node listen.
    ///   - cluster: The cluster's number.
    ///   - network: How others reach it; names the process that it is.
    ///   - durable: The directory that outlives it; `nil` for one in memory.
    ///   - liveness: When nodes are taken for dead.
    ///   - logger: The log.
    /// - Returns: The head.
    /// - Throws: ``ClusterError`` with code `undecodable` when what is stored contradicts itself.
    package static func make(
        directory: String,
        cluster: UInt64,
        network: Network,
        durable: DurableDirectory?,
        liveness: NodeLiveness,
        logger: Logger
    ) async throws -> HeadHost {
        var options = RuntimeOptions(directory: directory, cluster: cluster, laneCount: 1)
        options.network = network
        let system = ClusterSystem(process: network.gcs, options: options, logger: logger)
        do {
            return try HeadHost(system, durable, liveness)
        } catch {
            await system.stop()
            throw error
        }
    }

    private init(
        _ system: ClusterSystem,
        _ durable: DurableDirectory?,
        _ liveness: NodeLiveness
    ) throws(ClusterError) {
        self.system = system
        let client: @Sendable (ActorID) throws -> any RayletClient = { id in
            RayletHandle(try Raylet.resolve(id: id, using: system))
        }
        if let durable {
            gcs = try GCS.make(durable, in: system, liveness: liveness, client: client)
        } else {
            gcs = GCS.make(in: system, liveness: liveness, client: client)
        }
    }

    package func start() async throws {
        system.setDirectory(GCSDirectory(gcs: gcs, lane: system.control))
        await system.chooseDispatch()
        try system.listen()
        try await withTaskExecutorPreference(system.control.tasks) {
            try await gcs.processJoined(
                ProcessRecord(
                    id: system.process,
                    node: .none,
                    endpoint: system.options.endpoint(of: system.process),
                    operatingSystemID: getpid()
                )
            )
        }
    }

    /// The process is about to exit.
    package func abandon() { system.options.removeSockets(of: system.process) }

    /// Fails all that wait, and closes all links.
    package func stop() async {
        try? await withTaskExecutorPreference(system.control.tasks) { try await gcs.stop() }
        await system.stop()
    }
}
