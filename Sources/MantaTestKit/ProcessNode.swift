internal import Distributed
internal import Glibc
internal import Manta
internal import MantaCore
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport

/// A node that is a process, with workers that are processes.
final class ProcessNode: NodeBackend {
    private static let startTimeout = Duration.seconds(30)

    private let process: NodeProcess
    private let host: ProcessID
    /// The driver's.
    private let system: ClusterSystem

    init(_ launch: NodeLaunch, in system: ClusterSystem) throws {
        host = launch.process
        self.system = system
        process = try NodeProcess.start(launch, program: .current, lane: system.control)
    }

    func join(isMember: @escaping @Sendable () async throws -> Bool) async throws {
        let end = ContinuousClock.now + Self.startTimeout
        while try await !isMember() {
            guard !process.hasEnded, ContinuousClock.now < end else {
                throw ClusterError(
                    .notConnected,
                    "a node process of the test cluster did not start",
                    hint: "what it wrote to standard error says why; a program has to reach withTestCluster, "
                        + "ClusterSystem.run or connect in a node process too"
                )
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    var hasEnded: Bool { process.hasEnded }

    func kill() async {
        process.signal(SIGKILL)
        await process.end()
    }

    func pause() async { process.signal(SIGSTOP) }
    func resume() async { process.signal(SIGCONT) }

    func killWorker(_ worker: ProcessID, _ operatingSystemID: Int32) {
        _ = Glibc.kill(operatingSystemID, SIGKILL)
    }

    func stop() async {
        if !process.hasEnded {
            try? await withCallOptions(timeout: .seconds(5)) {
                try await withTaskExecutorPreference(system.control.tasks) {
                    try await Raylet.at(host, using: system).stop(within: .seconds(2))
                }
            }
        }
        process.cutLifeline()
        // One that hangs is not waited for.
        let timer = LaneTimer { [process] in process.signal(SIGKILL) }
        system.control.execute { [system] in system.control.wake(timer, at: Lane.now + .seconds(5)) }
        await process.end()
    }
}
