import MantaTransport
import Synchronization

/// Catching up with what the peer has sent.
///
/// What is said over one link can overtake what was sent before it over another, and a reply that has come waits for its
/// caller, which may be busy for long.
extension Connection {
    /// Keeps `end` until all replies with references have been read that the peer has sent until now: a pong comes behind
    /// them. From any thread.
    func catchUp(until end: AtEnd) {
        let isOpen = state.withLock { state in
            guard let link = state.link else { return false }
            state.lastPing = state.lastPing == .max ? 1 : state.lastPing + 1
            state.waitingForPongs[state.lastPing] = end
            link.ping(state.lastPing)
            return true
        }
        if !isOpen { lane.execute { self.caughtUp(until: end) } }
    }

    /// On the lane.
    func received(pong number: UInt32) {
        let end = state.withLock { $0.waitingForPongs.removeValue(forKey: number) }
        if let end { caughtUp(until: end) }
    }

    /// All has come that was waited for; replies that come now are others. On the lane.
    func caughtUp(until end: AtEnd) {
        let next = UnreadReplies()
        unreadReplies.keep(end)
        // So that what is waited for next ends after this.
        unreadReplies.keep(next)
        unreadReplies = next
    }
}

/// The replies that keep this have come, and have not been read.
final class UnreadReplies: Sendable {
    private let kept = Mutex<[any AnyObject & Sendable]>([])

    /// Keeps an object until these replies have been read.
    func keep(_ object: any AnyObject & Sendable) { kept.withLock { $0.append(object) } }
}
