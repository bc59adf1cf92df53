internal import Distributed
package import MantaCore
package import MantaGCS
package import MantaTransport
import Synchronization

/// Brings the raylet back to its lane from processes, links and timers, and knows its processes from any
/// thread.
package final class RayletEvents: Sendable {
    private let control: Lane
    private let state = Mutex(State())

    private struct State {
        weak var raylet: Raylet?
        var processes: [ProcessID: WorkerProcess] = [:]
    }

    package init(control: Lane) { self.control = control }

    func start(_ raylet: Raylet) { state.withLock { $0.raylet = raylet } }

    func add(_ process: WorkerProcess) { state.withLock { $0.processes[process.id] = process } }
    func remove(_ process: ProcessID) { state.withLock { $0.processes[process] = nil } }

    /// Ends all workers without waiting for that: this process is about to exit. From any thread.
    package func killAllWorkers() {
        for process in state.withLock({ Array($0.processes.values) }) { process.kill() }
    }

    /// Runs `action` on the raylet's lane, at once or after a time.
    func perform(after duration: Duration? = nil, _ action: @escaping @Sendable (isolated Raylet) -> Void) {
        control.execute { [self] in
            guard let duration else { return run(action) }
            control.wake(LaneTimer { self.run(action) }, at: Lane.now + duration)
        }
    }

    private func run(_ action: @Sendable (isolated Raylet) -> Void) {
        state.withLock { $0.raylet }?.assumeIsolated { action($0) }
    }

    /// Tells the GCS of the end of a process. A task of its own, because a descriptor's event is what calls
    /// it.
    func report(_ process: ProcessID, _ cause: DeathCause, to gcs: GCS) {
        _ = Task(executorPreference: control.tasks) { try? await gcs.processLeft(process, cause) }
    }
}

/// A raylet, for the GCS.
package struct RayletHandle: RayletClient {
    private let raylet: Raylet

    package init(_ raylet: Raylet) { self.raylet = raylet }

    package func create(_ spec: ActorSpec) async throws -> SpawnOutcome { try await raylet.create(spec) }
    package func end(_ actor: ActorID, _ cause: DeathCause) async throws {
        try await raylet.end(actor, cause)
    }
}
