package import MantaCore

/// Timers by the moment at which they are due: a binary heap.
///
/// Timers are not taken back: an owner that no longer cares ignores its call. Owners set one timer for their
/// earliest deadline, so the heap holds few entries per source.
package struct TimerHeap<Owner> {
    private var entries: [(moment: Moment, owner: Owner)] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// When the earliest is due.
    package var next: Moment { entries.first?.moment ?? .distantFuture }

    /// - Complexity: O(log *n*).
    package mutating func insert(_ owner: Owner, at moment: Moment) {
        entries.append((moment, owner))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].moment < entries[parent].moment else { break }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the earliest if it is due.
    ///
    /// - Complexity: O(log *n*).
    package mutating func pop(notAfter now: Moment) -> Owner? {
        guard let first = entries.first, first.moment <= now else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].moment < entries[least].moment {
                least = child
            }
            guard least != parent else { return first.owner }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
