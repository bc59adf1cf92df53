internal import DequeModule

/// Which calls of an actor run, and which wait for their turn, where only so many may run at a time.
///
/// Pure state: the owner starts the calls that come back. Turns are given in the order of arrival. A call goes
/// `waiting → running → gone`, or is withdrawn while it waits.
package struct CallGate<Call: AnyObject> {
    package let limit: Int
    /// Those that have a turn, in no order.
    package private(set) var running: [Call] = []
    /// How many turns have been given: a line in which this does not grow stands still.
    package private(set) var turnCount: UInt64 = 0
    /// In the order of arrival, with withdrawn calls that have not been dropped yet.
    private var line = Deque<Call>()
    private var waitingIDs: Set<ObjectIdentifier> = []

    package init(limit: Int) { self.limit = max(1, limit) }

    package var waitingCount: Int { waitingIDs.count }
    /// In the order of arrival.
    package var waiting: [Call] { line.filter { isWaiting($0) } }

    package func isWaiting(_ call: Call) -> Bool { waitingIDs.contains(ObjectIdentifier(call)) }

    /// Whether a call that has just arrived has its turn at once; otherwise it waits.
    ///
    /// - Complexity: O(1).
    package mutating func arrived(_ call: Call) -> Bool {
        guard running.count < limit else {
            line.append(call)
            waitingIDs.insert(ObjectIdentifier(call))
            return false
        }
        give(call)
        return true
    }

    /// Takes back the turn of a call that has ended, and returns the call that has it now.
    ///
    /// - Complexity: O(`limit`).
    package mutating func left(_ call: Call) -> Call? {
        guard let index = running.firstIndex(where: { $0 === call }) else { return nil }
        running.swapAt(index, running.count - 1)
        running.removeLast()
        while let next = line.popFirst() {
            guard waitingIDs.remove(ObjectIdentifier(next)) != nil else { continue }
            give(next)
            return next
        }
        return nil
    }

    /// Takes a call out of line; `false` when it does not wait: it has had its turn, or was withdrawn before.
    ///
    /// - Complexity: O(1), amortised.
    package mutating func withdraw(_ call: Call) -> Bool {
        guard waitingIDs.remove(ObjectIdentifier(call)) != nil else { return false }
        if line.count > 2 * waitingIDs.count + 16 { line = Deque(waiting) }
        return true
    }

    private mutating func give(_ call: Call) {
        running.append(call)
        turnCount += 1
    }
}
