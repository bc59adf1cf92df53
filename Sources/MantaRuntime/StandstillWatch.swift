/// When to look whether a line of calls stands still for ever.
///
/// Pure state. A line that moves is never looked into; one that has not moved since the last tick is, after
/// 50 ms and then half as often each time, because most of them only wait for a slow method.
package struct StandstillWatch {
    package static let firstInterval = Duration.milliseconds(50)
    package static let lastInterval = Duration.seconds(1)

    /// As of the last tick; `nil` while the line is empty and nobody watches.
    private var turnCount: UInt64?
    private var interval = firstInterval

    package init() {}

    /// A call has begun to wait: when to tick, `nil` if that is decided already.
    package mutating func began(turnCount: UInt64) -> Duration? {
        guard self.turnCount == nil else { return nil }
        self.turnCount = turnCount
        interval = Self.firstInterval
        return interval
    }

    package enum OnTick: Hashable {
        /// Nobody waits: no further tick.
        case idle
        /// The line has moved.
        case moving(next: Duration)
        /// It has not: look who waits for whom.
        case standing(next: Duration)
    }

    package mutating func ticked(turnCount: UInt64, waitingCount: Int) -> OnTick {
        guard waitingCount > 0 else {
            self.turnCount = nil
            return .idle
        }
        guard turnCount == self.turnCount else {
            self.turnCount = turnCount
            interval = Self.firstInterval
            return .moving(next: interval)
        }
        interval = min(interval * 2, Self.lastInterval)
        return .standing(next: interval)
    }
}
