package import MantaCore

/// What every process of the cluster is told: a numbered log of which the newest part is kept.
package struct Feed: Sendable {
    /// Something that processes have to forget.
    package enum Event: Hashable, Sendable, Codable {
        /// A name means nobody any more, or another actor.
        case nameFreed(QualifiedName)
        /// These processes were on a node that was declared dead, whether they still run or not.
        case processesLost([ProcessID])
        /// The process has ended by itself.
        case processEnded(ProcessID)
    }

    /// What happened after a reader's last question.
    package struct News: Hashable, Sendable, Codable {
        package var events: [Event]
        /// Some events are not kept any more: whatever the reader remembers may be wrong.
        package var hasGap: Bool
        /// What to ask from the next time.
        package var cursor: UInt64
    }

    private let limit: Int
    private var events: [Event] = []
    /// The number of the first of `events`.
    private var first: UInt64

    /// - Parameters:
    ///   - limit: How many events are kept.
    ///   - first: The number of the first event: higher than what any reader can have from the feed before this one, so
    ///     that he learns that he has missed some.
    package init(limit: Int = 10_000, first: UInt64 = 0) {
        self.limit = limit
        self.first = first
    }

    /// The number that the next event will have.
    package var cursor: UInt64 { first + UInt64(events.count) }

    package mutating func append(_ event: Event) {
        if events.count >= limit {
            // Half at once, so that an event costs O(1) on average.
            events.removeFirst(limit / 2)
            first += UInt64(limit / 2)
        }
        events.append(event)
    }

    /// What has been appended since `cursor`; nothing for a reader who asks for the first time.
    package func news(after cursor: UInt64?) -> News {
        guard let cursor else { return News(events: [], hasGap: false, cursor: self.cursor) }
        let skipped = min(cursor, self.cursor)
        let fresh = events.dropFirst(Int(skipped > first ? skipped - first : 0))
        return News(events: Array(fresh), hasGap: skipped < first, cursor: self.cursor)
    }
}
