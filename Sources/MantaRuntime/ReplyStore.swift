import MantaCore
import MantaTransport
import MantaWire
import Synchronization

/// The replies that an actor keeps for callers that may ask for them again. See `ReplyCache`, which decides.
final class ReplyStore: Sendable {
    private let control: Lane
    private let state = Mutex(State())

    private struct State: Sendable {
        var cache = ReplyCache<ServedCall>()
        var isTimed = false
    }

    init(control: Lane) { self.control = control }

    /// What replies held that go by this is let go of after the lock: objects may be freed with it.
    private func change<R>(_ body: (inout State) -> R) -> R {
        let (result, released) = state.withLock { state in
            let result = body(&state)
            return (result, state.cache.takeReleased())
        }
        return withExtendedLifetime(released) { result }
    }

    func arrived(_ token: CallToken, _ call: ServedCall) -> ReplyCache<ServedCall>.OnArrival {
        state.withLock { $0.cache.arrived(token, call) }
    }

    func finished(
        _ token: CallToken,
        _ status: ReplyStatus,
        _ reply: KeptReply,
        isWanted: Bool,
        until: Moment
    ) -> [ServedCall] {
        let (followers, expiry) = change { state in
            let followers = state.cache.finished(
                token,
                status,
                reply,
                isWanted: isWanted,
                until: until,
                now: Lane.now
            )
            return (followers, nextTimer(&state))
        }
        wake(at: expiry)
        return followers
    }

    func withdrew(_ token: CallToken) -> [ServedCall] { state.withLock { $0.cache.withdrew(token) } }

    // MARK: Callers

    /// Keeps nothing any more for these callers, and returns what runs for them.
    func ended(_ callers: Set<ProcessID>) -> [ServedCall] { change { $0.cache.ended(callers) } }

    /// Those whose end matters here.
    var openCallers: Set<ProcessID> { state.withLock { $0.cache.openCallers } }

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
        // Its actor may end before, and nobody asks the next incarnation for the replies of this one.
        let timer = LaneTimer { [weak self] in self?.timePassed(Lane.now) }
        control.execute { [control] in control.wake(timer, at: tick) }
    }

    private func timePassed(_ now: Moment) {
        let expiry = change { state in
            state.isTimed = false
            state.cache.timePassed(to: now)
            return nextTimer(&state)
        }
        wake(at: expiry)
    }
}
