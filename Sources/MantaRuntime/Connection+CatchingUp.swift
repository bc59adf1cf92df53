import MantaTransport
import Synchronization

/// Catching up with what the peer has sent: what is said over one link can overtake what was sent before over another.
extension Connection {
    /// Keeps `end` until all has come that the peer has sent until now: a pong comes behind it. From any thread.
    func catchUp(until end: AtEnd) {
        state.withLock { state in
            // Nothing comes any more.
            guard let link = state.link else { return }
            state.lastPing = state.lastPing == .max ? 1 : state.lastPing + 1
            state.waitingForPongs[state.lastPing] = end
            link.ping(state.lastPing)
        }
    }

    func received(pong number: UInt32) {
        // It ends after the lock is let go of.
        let end = state.withLock { $0.waitingForPongs.removeValue(forKey: number) }
        withExtendedLifetime(end) {}
    }
}
