import MantaCore
import MantaTransport
import Synchronization

/// Waits for a number of things to happen, but not for ever.
final class Countdown: Sendable {
    private struct State {
        var remaining: Int
        var isLate = false
        var waiter: CheckedContinuation<Bool, Never>?
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(remaining: count)) }

    func countDown() {
        let waiter = state.withLock { state in
            state.remaining -= 1
            return state.remaining == 0 ? state.waiter.take() : nil
        }
        waiter?.resume(returning: true)
    }

    /// Waits, once; `false` when `limit` has passed first. The timer is one of `lane`.
    func wait(within limit: Duration, on lane: Lane) async -> Bool {
        let isTimed = lane.execute { lane.wake(LaneTimer { self.giveUp() }, at: Lane.now + limit) }
        if !isTimed { giveUp() }  // the system has stopped
        return await withCheckedContinuation { continuation in
            let result: Bool? = state.withLock { state in
                if state.remaining <= 0 { return true }
                if state.isLate { return false }
                state.waiter = continuation
                return nil
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    private func giveUp() {
        let waiter = state.withLock { state in
            state.isLate = true
            return state.waiter.take()
        }
        waiter?.resume(returning: false)
    }
}
