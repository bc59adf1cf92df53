/// The bounds of a link.
package struct LinkLimits: Hashable, Sendable {
    /// The largest frame, in bytes; a peer that announces a larger one is cut off.
    package var frameByteCount = 64 << 20
    /// Senders wait while more than `highWatermark` bytes are queued, until `lowWatermark` is reached.
    package var highWatermark = 4 << 20
    package var lowWatermark = 1 << 20
    /// On the lane, queued bytes past this are written without waiting for the end of the turn.
    package var flushThreshold = 128 << 10
    /// `nil`: the end of the peer is told by the socket alone.
    package var heartbeat: Heartbeat?

    package init() {}

    package struct Heartbeat: Hashable, Sendable {
        package var interval: Duration
        /// A peer that is silent for longer is taken for dead.
        package var bound: Duration

        package init(interval: Duration, bound: Duration) {
            self.interval = interval
            self.bound = bound
        }
    }
}
