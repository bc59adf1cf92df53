internal import HeapModule
import MantaCore

/// The tickets that no node has room for now: one line per request, and one order of deadlines over all.
///
/// A line is linked through its entries, so that leaving from the middle costs no more than from the head.
struct WaitingPlacements: Sendable {
    /// The oldest of those that wait for the same.
    struct Head: Comparable, Sendable {
        var arrival: UInt64
        var ticket: PlacementTicket
        var request: PlacementRequest
        var lineCount: Int
        var deadline: Moment

        static func < (left: Head, right: Head) -> Bool { left.arrival < right.arrival }
    }

    private struct Entry {
        var arrival: UInt64
        var request: PlacementRequest
        var deadline: Moment
        var previous: PlacementTicket?
        var next: PlacementTicket?
    }

    private struct Line {
        var first: PlacementTicket
        var last: PlacementTicket
        var count: Int
    }

    private struct Deadline: Comparable {
        var moment: Moment
        var arrival: UInt64
        var ticket: PlacementTicket

        static func < (left: Deadline, right: Deadline) -> Bool {
            (left.moment, left.arrival) < (right.moment, right.arrival)
        }
    }

    private var entries: [PlacementTicket: Entry] = [:]
    private var lines: [PlacementRequest: Line] = [:]
    /// Also holds some whose entry has left; never at the front, and never more than half of them for long.
    private var deadlines = Heap<Deadline>()
    private var nextArrival: UInt64 = 0

    var count: Int { entries.count }
    var nextDeadline: Moment? { deadlines.min?.moment }

    /// The head of every line, in no order.
    var heads: [Head] { heads { _ in true } }

    /// The heads of those lines whose request satisfies `predicate`, in no order.
    func heads(where predicate: (PlacementRequest) -> Bool) -> [Head] {
        // No head is made in vain: it costs a search for its entry.
        lines.compactMap { predicate($0.key) ? makeHead($0.value, request: $0.key) : nil }
    }

    func hasLine(for request: PlacementRequest) -> Bool { lines[request] != nil }

    func head(of request: PlacementRequest) -> Head? {
        lines[request].map { makeHead($0, request: request) }
    }

    /// The tickets that wait for `request`, oldest first.
    ///
    /// - Complexity: O(result).
    func tickets(waitingFor request: PlacementRequest) -> [PlacementTicket] {
        var tickets: [PlacementTicket] = []
        var ticket = lines[request]?.first
        while let current = ticket {
            tickets.append(current)
            ticket = entries[current]?.next
        }
        return tickets
    }

    /// - Complexity: O(log *n*).
    mutating func append(_ ticket: PlacementTicket, request: PlacementRequest, deadline: Moment) {
        precondition(entries[ticket] == nil, "\(ticket) waits already")
        var line = lines[request] ?? Line(first: ticket, last: ticket, count: 0)
        let previous = line.count > 0 ? line.last : nil
        if let previous { entries[previous]?.next = ticket }
        line.last = ticket
        line.count += 1
        lines[request] = line
        entries[ticket] = Entry(
            arrival: nextArrival,
            request: request,
            deadline: deadline,
            previous: previous
        )
        deadlines.insert(Deadline(moment: deadline, arrival: nextArrival, ticket: ticket))
        nextArrival += 1
    }

    /// - Returns: What it waited for, or `nil` if it does not wait.
    /// - Complexity: O(log *n*) amortised.
    @discardableResult
    mutating func remove(_ ticket: PlacementTicket) -> PlacementRequest? {
        guard let entry = entries.removeValue(forKey: ticket) else { return nil }
        unlink(entry)
        dropStaleDeadlines()
        return entry.request
    }

    /// Removes those whose deadline is `now` or earlier, in the order of their deadlines.
    mutating func removeExpired(
        at now: Moment
    ) -> [(ticket: PlacementTicket, request: PlacementRequest)] {
        var expired: [(ticket: PlacementTicket, request: PlacementRequest)] = []
        while let deadline = deadlines.min, deadline.moment <= now {
            if let request = remove(deadline.ticket) { expired.append((deadline.ticket, request)) }
        }
        return expired
    }

    private func makeHead(_ line: Line, request: PlacementRequest) -> Head {
        guard let entry = entries[line.first] else {
            preconditionFailure("\(line.first) heads the line for \(request) but has no entry")
        }
        return Head(
            arrival: entry.arrival,
            ticket: line.first,
            request: request,
            lineCount: line.count,
            deadline: entry.deadline
        )
    }

    private mutating func unlink(_ entry: Entry) {
        if let previous = entry.previous { entries[previous]?.next = entry.next }
        if let next = entry.next { entries[next]?.previous = entry.previous }
        switch (entry.previous, entry.next) {
        case (nil, nil): lines[entry.request] = nil
        case (nil, let next?): lines[entry.request]?.first = next
        case (let previous?, nil): lines[entry.request]?.last = previous
        case (_?, _?): break
        }
        lines[entry.request]?.count -= 1
    }

    private mutating func dropStaleDeadlines() {
        // By arrival, because the same ticket may wait a second time.
        while let first = deadlines.min, entries[first.ticket]?.arrival != first.arrival {
            _ = deadlines.popMin()
        }
        if deadlines.count > 2 * entries.count + 64 {
            deadlines = Heap(
                entries.map {
                    Deadline(moment: $0.value.deadline, arrival: $0.value.arrival, ticket: $0.key)
                }
            )
        }
    }
}
