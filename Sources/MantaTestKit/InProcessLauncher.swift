internal import CMantaShims
internal import MantaCore
internal import MantaRaylet
internal import MantaTransport
import Synchronization

/// Starts workers in the test's own process.
final class InProcessLauncher: WorkerLauncher {
    private struct State {
        var isClosed = false
        var workers: [ProcessID: InProcessWorker] = [:]
        /// The lanes of those that have ended, which take their time.
        var ends: [Task<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Those that have not ended.
    var workers: [InProcessWorker] { state.withLock { Array($0.workers.values) } }

    func start(
        _ start: WorkerStart,
        lane: Lane,
        onExit: @escaping @Sendable (DeathCause) -> Void
    ) throws -> (worker: any WorkerHandle, control: Int32) {
        guard !state.withLock({ $0.isClosed }) else {
            throw ClusterError(.notConnected, "the node has been killed")
        }
        let worker = try InProcessWorker(start.launch) { [self] worker, cause in
            // Unstructured: it ends what no task owns, and is waited for when the cluster ends.
            let end = Task.detached { await worker.stopLanes() }
            state.withLock { state in
                state.workers[worker.id] = nil
                state.ends.append(end)
            }
            onExit(cause)
        }
        var sockets: [Int32] = [-1, -1]
        let status = manta_socketpair(&sockets)
        guard status >= 0 else {
            throw ClusterError(.overloaded, "socketpair failed: \(describe(error: -status))")
        }
        state.withLock { $0.workers[worker.id] = worker }
        worker.begin(over: sockets[1])
        return (worker, sockets[0])
    }

    /// Starts none any more.
    func close() { state.withLock { $0.isClosed = true } }

    func killAll() { for worker in workers { worker.kill() } }

    func allStopped() async {
        while let end = state.withLock({ $0.ends.popLast() }) { await end.value }
    }
}
