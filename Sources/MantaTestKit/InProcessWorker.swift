internal import Glibc
internal import Manta
internal import MantaCore
internal import MantaRaylet
internal import MantaRuntime
import Synchronization

/// A worker in the test's own process: `running → ended`.
final class InProcessWorker: WorkerHandle {
    /// What it writes is its process's.
    let lastLines: [String] = []
    let id: ProcessID
    /// The test's own.
    let operatingSystemID = getpid()
    private let worker: WorkerSystem
    private let onEnd: @Sendable (InProcessWorker, DeathCause) -> Void
    private let joining = Mutex<Task<Void, Never>?>(nil)
    private let hasEnded = Mutex(false)

    /// `onEnd` is called once.
    init(
        _ launch: WorkerLaunch,
        onEnd: @escaping @Sendable (InProcessWorker, DeathCause) -> Void
    ) throws(ClusterError) {
        id = launch.worker
        worker = try WorkerSystem(launch)
        self.onEnd = onEnd
    }

    var system: ClusterSystem { worker.system }

    /// Takes part in the cluster, with `socket` as the link to the raylet.
    func begin(over socket: Int32) {
        // Unstructured, as a process would be; it is waited for in `stopLanes`.
        let task = Task.detached { [self] in
            do {
                try await worker.join(over: socket) { self.end(.exited(code: 0)) }
            } catch {
                end(.exited(code: 70))
            }
        }
        joining.withLock { $0 = task }
    }

    /// It has no output of its own to be named.
    func setLabel(_ label: String?) {}

    func kill() { end(.crashed(signal: SIGKILL, lastOutput: [])) }

    func kill(because reason: String) {
        end(.crashed(signal: SIGKILL, lastOutput: ["manta: the raylet ended this worker: \(reason)"]))
    }

    private func end(_ cause: DeathCause) {
        let isFirst = hasEnded.withLock { hasEnded in
            defer { hasEnded = true }
            return !hasEnded
        }
        guard isFirst else { return }
        worker.cutOff()
        onEnd(self, cause)
    }

    /// After the end: waits for what still runs on its lanes, and ends them.
    func stopLanes() async {
        await worker.stop()
        await joining.withLock { $0.take() }?.value
    }
}
