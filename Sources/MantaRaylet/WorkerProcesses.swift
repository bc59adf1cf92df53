internal import MantaCore
import Synchronization

/// The workers of a node, for those who have to end them from any thread.
package final class WorkerProcesses: Sendable {
    private let state = Mutex<[ProcessID: any WorkerHandle]>([:])

    package init() {}

    func add(_ process: any WorkerHandle) { state.withLock { $0[process.id] = process } }
    func remove(_ process: ProcessID) { state.withLock { $0[process] = nil } }

    /// Ends all workers without waiting for that: this process is about to exit.
    package func killAll() { for process in state.withLock({ Array($0.values) }) { process.kill() } }
}
