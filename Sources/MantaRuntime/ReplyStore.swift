import MantaCore
import MantaTransport
import MantaWire
import Synchronization

/// The replies that an actor keeps for callers that may ask for them again. See `ReplyCache`, which decides.
final class ReplyStore: LaneSource, Sendable {
    private let control: Lane
    private let state = Mutex(State())

    private struct State {
        var cache = ReplyCache<ServedCall>()
        var isTimed = false
    }

    init(control: Lane) { self.control = control }

    func arrived(_ token: CallToken, _ call: ServedCall) -> ReplyCache<ServedCall>.OnArrival {
        state.withLock { $0.cache.arrived(token, call) }
    }

    func finished(
        _ token: CallToken,
        _ status: ReplyStatus,
        _ reply: KeptReply,
        until: Moment
    ) -> [ServedCall] {
        let (followers, expiry) = state.withLock { state in
            let followers = state.cache.finished(token, status, reply, until: until, now: Lane.now)
            return (followers, nextTimer(&state))
        }
        wake(at: expiry)
        return followers
    }

    func withdrew(_ token: CallToken) -> [ServedCall] { state.withLock { $0.cache.withdrew(token) } }

    // MARK: Time

    private func nextTimer(_ state: inout State) -> Moment? {
        guard !state.isTimed, let expiry = state.cache.nextExpiry, expiry != .distantFuture else {
            return nil
        }
        state.isTimed = true
        return expiry
    }

    private func wake(at moment: Moment?) {
        guard let moment else { return }
        // Not at each one's own moment: a few replies more do no harm.
        let tick = max(moment, Lane.now + .seconds(1))
        control.execute { self.control.wake(self, at: tick) }
    }

    func timePassed(_ now: Moment) {
        let expiry = state.withLock { state in
            state.isTimed = false
            state.cache.timePassed(to: now)
            return nextTimer(&state)
        }
        wake(at: expiry)
    }

    func ready(_ events: LaneEvents) {}
}
