import SampleSupport
import Synchronization

/// How far a phase is, on a terminal. Tasks that run at the same time may say that they have done a step.
final class Progress: Sendable {
    private struct State {
        var console = Console(program: "kmeans")
        var phase = ""
        var unit = ""
        var total = 0
        var done = 0
    }

    private let state = Mutex(State())

    func begin(_ phase: String, of total: Int, _ unit: String) {
        state.withLock { state in
            state.phase = phase
            state.unit = unit
            state.total = total
            state.done = 0
        }
    }

    func step() {
        state.withLock { state in
            state.done += 1
            state.console.progress("\(state.phase): \(state.done) of \(state.total) \(state.unit)")
        }
    }

    func clear() { state.withLock { $0.console.clearProgress() } }

    func warn(_ text: String) { state.withLock { $0.console.warn(text) } }
}
