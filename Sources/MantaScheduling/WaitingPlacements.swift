import MantaCore

/// The requests that no node has room for now: one line per demand, and one order of deadlines over all.
///
/// A line is linked through its entries, so that leaving from the middle costs no more than from the head.
struct WaitingPlacements: Sendable {
    /// The oldest of those that wait for the same demand.
    struct Head: Comparable, Sendable {
        var arrival: UInt64
        var ticket: PlacementTicket
        var demand: Resources
        var lineCount: Int

        static func < (left: Head, right: Head) -> Bool { left.arrival < right.arrival }
    }

    private struct Entry {
        var arrival: UInt64
        var demand: Resources
        var deadline: ContinuousClock.Instant
        var previous: PlacementTicket?
        var next: PlacementTicket?
    }

    private struct Line {
        var first: PlacementTicket
        var last: PlacementTicket
        var count: Int
    }

    private struct Deadline: Comparable {
        var instant: ContinuousClock.Instant
        var arrival: UInt64
        var ticket: PlacementTicket

        static func < (left: Deadline, right: Deadline) -> Bool {
            (left.instant, left.arrival) < (right.instant, right.arrival)
        }
    }

    private var entries: [PlacementTicket: Entry] = [:]
    private var lines: [Resources: Line] = [:]
    /// Also holds some whose entry has left; never at the front, and never more than half of them for long.
    private var deadlines = BinaryHeap<Deadline>()
    private var nextArrival: UInt64 = 0

    var count: Int { entries.count }
    var nextDeadline: ContinuousClock.Instant? { deadlines.first?.instant }

    /// The head of every line, in no order.
    var heads: [Head] { lines.map { makeHead($0.value, demand: $0.key) } }

    func hasLine(for demand: Resources) -> Bool { lines[demand] != nil }

    func head(of demand: Resources) -> Head? { lines[demand].map { makeHead($0, demand: demand) } }

    /// The tickets that wait for `demand`, oldest first.
    ///
    /// - Complexity: O(result).
    func tickets(waitingFor demand: Resources) -> [PlacementTicket] {
        var tickets: [PlacementTicket] = []
        var ticket = lines[demand]?.first
        while let current = ticket {
            tickets.append(current)
            ticket = entries[current]?.next
        }
        return tickets
    }

    /// - Complexity: O(log *n*).
    mutating func append(_ ticket: PlacementTicket, demand: Resources, deadline: ContinuousClock.Instant) {
        precondition(entries[ticket] == nil, "\(ticket) waits already")
        var line = lines[demand] ?? Line(first: ticket, last: ticket, count: 0)
        let previous = line.count > 0 ? line.last : nil
        if let previous { entries[previous]?.next = ticket }
        line.last = ticket
        line.count += 1
        lines[demand] = line
        entries[ticket] = Entry(arrival: nextArrival, demand: demand, deadline: deadline, previous: previous)
        deadlines.insert(Deadline(instant: deadline, arrival: nextArrival, ticket: ticket))
        nextArrival += 1
    }

    /// - Returns: What it waited for, or `nil` if it does not wait.
    /// - Complexity: O(log *n*) amortised.
    @discardableResult
    mutating func remove(_ ticket: PlacementTicket) -> Resources? {
        guard let entry = entries.removeValue(forKey: ticket) else { return nil }
        unlink(entry)
        dropStaleDeadlines()
        return entry.demand
    }

    /// Removes those whose deadline is `now` or earlier, in the order of their deadlines.
    mutating func removeExpired(
        at now: ContinuousClock.Instant
    ) -> [(ticket: PlacementTicket, demand: Resources)] {
        var expired: [(ticket: PlacementTicket, demand: Resources)] = []
        while let deadline = deadlines.first, deadline.instant <= now {
            if let demand = remove(deadline.ticket) { expired.append((deadline.ticket, demand)) }
        }
        return expired
    }

    private func makeHead(_ line: Line, demand: Resources) -> Head {
        guard let entry = entries[line.first] else {
            preconditionFailure("\(line.first) heads the line for \(demand) but has no entry")
        }
        return Head(arrival: entry.arrival, ticket: line.first, demand: demand, lineCount: line.count)
    }

    private mutating func unlink(_ entry: Entry) {
        if let previous = entry.previous { entries[previous]?.next = entry.next }
        if let next = entry.next { entries[next]?.previous = entry.previous }
        switch (entry.previous, entry.next) {
        case (nil, nil): lines[entry.demand] = nil
        case (nil, let next?): lines[entry.demand]?.first = next
        case (let previous?, nil): lines[entry.demand]?.last = previous
        case (_?, _?): break
        }
        lines[entry.demand]?.count -= 1
    }

    private mutating func dropStaleDeadlines() {
        // By arrival, because the same ticket may wait a second time.
        while let first = deadlines.first, entries[first.ticket]?.arrival != first.arrival {
            _ = deadlines.popFirst()
        }
        if deadlines.count > 2 * entries.count + 64 {
            deadlines = BinaryHeap(
                entries.map {
                    Deadline(instant: $0.value.deadline, arrival: $0.value.arrival, ticket: $0.key)
                }
            )
        }
    }
}
