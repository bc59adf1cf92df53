package import MantaCore

/// What has happened to an actor, numbered, for watchers that ask again from where they were.
///
/// A watcher that asks by number gets each event once and in order, whatever becomes of its link meanwhile. The
/// newest events are kept; one that comes later than that starts from the oldest that is.
package struct LifecycleLog: Hashable, Sendable {
    package static let limit = 256

    private(set) var events: [LifecycleEvent] = []
    /// How many came before the first of `events`.
    private(set) var forgottenCount = 0

    package init() {}

    /// One that was kept elsewhere.
    init(_ events: [LifecycleEvent], forgottenCount: Int) {
        self.events = events
        self.forgottenCount = forgottenCount
    }

    package var count: Int { forgottenCount + events.count }
    package var last: LifecycleEvent? { events.last }

    mutating func append(_ event: LifecycleEvent) {
        if events.count == Self.limit {
            events.removeFirst()
            forgottenCount += 1
        }
        events.append(event)
    }

    /// The events after the first `seenCount`; for one who has seen none, only the last, which is the present state.
    package func news(after seenCount: Int?) -> LifecycleNews {
        let fresh = seenCount.map { events.dropFirst(max(0, $0 - forgottenCount)) } ?? events.suffix(1)
        return LifecycleNews(events: Array(fresh), seenCount: count)
    }
}

/// An answer to a watcher.
package struct LifecycleNews: Hashable, Sendable, Codable {
    package var events: [LifecycleEvent]
    /// What to ask from the next time.
    package var seenCount: Int
}
