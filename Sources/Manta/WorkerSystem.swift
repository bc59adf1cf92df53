internal import CMantaShims
internal import Logging
internal import MantaCore
internal import MantaGCS
package import MantaRaylet
package import MantaRuntime
internal import MantaTransport
import Synchronization

/// A worker's part in its cluster, whether it has a process to itself or, in a test, is in the test's own.
package final class WorkerSystem: Sendable {
    package let system: ClusterSystem
    private let launch: WorkerLaunch
    private let client = Mutex<ClusterClient?>(nil)

    /// Starts the lanes of the worker that `launch` describes.
    ///
    /// - Throws: ``ClusterError`` when it cannot prove that it belongs to the cluster.
    package init(_ launch: WorkerLaunch) throws(ClusterError) {
        self.launch = launch
        var options = RuntimeOptions(
            directory: launch.directory,
            cluster: launch.cluster,
            laneCount: launch.laneCount,
            dispatch: launch.dispatch,
            namespace: launch.namespace
        )
        if launch.hasFaults { options.faults = NetworkFaults() }
        if let network = launch.network { options.network = try Network(network) }
        system = ClusterSystem(
            process: launch.worker,
            options: options,
            logger: Logger(label: "manta.worker", level: launch.logLevel)
        )
    }

    /// Takes part in the cluster, with `socket` as the link to the raylet.
    ///
    /// - Parameters:
    ///   - socket: The worker's end of its control socket, which this takes over.
    ///   - lost: Called on the control lane when that link closes: the raylet is gone, and whatever the worker's actors
    ///     do, nobody can reach them any more.
    /// - Throws: ``ClusterError`` when it cannot take part.
    package func join(over socket: Int32, lost: @escaping @Sendable () -> Void) async throws {
        let system = system
        await system.chooseDispatch()
        do {
            try system.listen()
        } catch {
            _ = manta_close(socket)
            throw error
        }
        let host = WorkerHost.make(in: system)
        if launch.hasFaults { WorkerFaults.make(in: system) }
        try await connect(over: socket, lost: lost)
        try launch.store.begin(in: system)
        let gcs = try GCS.at(launch.gcs, using: system)
        system.setDirectory(GCSDirectory(gcs: gcs, lane: system.control))
        let client = ClusterClient(gcs: gcs, system: system)
        self.client.withLock { $0 = client }
        system.attach(ClusterMember(client: client, parts: host))
        let raylet = try Raylet.resolve(id: launch.rayletActor, using: system)
        try await raylet.workerReady(system.process)
        client.follow()
    }

    private func connect(over socket: Int32, lost: @escaping @Sendable () -> Void) async throws {
        let greeted = try await greet(
            over: Socket(socket),
            on: system.control,
            greeting: system.greeting(to: launch.raylet, lane: Greeting.controlLane)
        )
        let system = system
        await withCheckedContinuation { continuation in
            let isServed = system.control.execute {
                let connection = Connection(greeted, system: system, lane: system.control)
                system.whenClosed(connection) { _ in lost() }
                system.adopt(connection)
                continuation.resume()
            }
            guard !isServed else { return }
            greeted.discard()
            continuation.resume()
        }
    }

    /// Takes the socket of the worker out of its folder.
    package func leaveDirectory() { system.options.removeSockets(of: system.process) }

    /// Cuts the worker off at once: its links close without notice, it takes no more calls, and the tasks of methods that
    /// run are cancelled.
    package func cutOff() {
        client.withLock { $0.take() }?.stop()
        system.cutOff()
        for actor in system.hosted.all { system.endCalls(on: actor, system.notConnected()) }
    }

    /// Ends the worker's lanes too, which takes as long as what runs on them.
    package func stop() async {
        cutOff()
        await system.stop()
    }
}
