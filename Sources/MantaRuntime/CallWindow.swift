internal import DequeModule

/// How many calls one process has sent to one actor that have not started there, and those held back for it.
///
/// Calls of one process to one actor start in the order they are sent, so one that is known to have started
/// (by its reply, or by a `started` frame) tells the same of all before it. Past half of its limit, the
/// window asks for such frames.
package struct CallWindow<Held> {
    package let limit: UInt64
    private var sentCount: UInt64 = 0
    private var startedCount: UInt64 = 0
    private var held = Deque<Held>()

    package init(limit: Int) { self.limit = UInt64(max(1, limit)) }

    package var heldCount: Int { held.count }
    package var notStartedCount: UInt64 { sentCount - startedCount }

    /// Whether the next call is to be held back instead of sent.
    package var isFull: Bool { notStartedCount >= limit || !held.isEmpty }

    package mutating func hold(_ call: Held) { held.append(call) }

    /// Counts a call that is sent now.
    ///
    /// - Returns: Its place among the calls sent, and whether to ask for a `started` frame.
    package mutating func sent() -> (place: UInt64, wantsStarted: Bool) {
        sentCount += 1
        return (sentCount, notStartedCount * 2 >= limit)
    }

    /// Notes that the call at `place` has started.
    package mutating func started(_ place: UInt64) { startedCount = max(startedCount, min(place, sentCount)) }

    /// Takes back the call at `place`, which was counted as sent and never starts. That says nothing of those
    /// before it.
    package mutating func withdrew(_ place: UInt64) {
        // The calls behind it keep their places, so that the last of them still stands for all.
        if place > startedCount, sentCount > startedCount { sentCount -= 1 }
    }

    /// The next call that may be sent now.
    package mutating func next() -> Held? { notStartedCount < limit ? held.popFirst() : nil }
}
