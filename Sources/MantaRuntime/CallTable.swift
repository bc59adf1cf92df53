package import MantaCore

/// The calls that one connection is waiting on.
///
/// Pure state: the owner passes in the time, lets go of its lock, and resumes the waiters that come back. A
/// call goes `free → waiting → free`, or `waiting → abandoned → free` when its caller gives up first. The
/// number of an abandoned call is not used again until its reply has come, so a late reply can never be taken
/// for another call's.
package struct CallTable<Waiter> {
    private enum Slot {
        case free
        case waiting(Waiter, deadline: Moment)
        case abandoned(Waiter)
    }

    private let limit: Int
    private var slots: [Slot] = []
    private var freeNumbers: [UInt32] = []
    /// No deadline in the table is earlier; may itself be too early, never too late.
    private var earliest = Moment.distantFuture

    /// - Parameter limit: How many calls may wait at once, abandoned ones included.
    package init(limit: Int = 1 << 20) { self.limit = limit }

    /// How many calls wait or are abandoned.
    package var count: Int { slots.count - freeNumbers.count }

    /// When `timePassed(to:)` has to be called at the latest.
    package var nextDeadline: Moment { earliest }

    /// Enters a call; `nil` when the table is full.
    ///
    /// - Complexity: O(1).
    package mutating func begin(_ waiter: Waiter, deadline: Moment) -> UInt32? {
        earliest = min(earliest, deadline)
        if let number = freeNumbers.popLast() {
            slots[Int(number)] = .waiting(waiter, deadline: deadline)
            return number
        }
        guard slots.count < limit else { return nil }
        slots.append(.waiting(waiter, deadline: deadline))
        return UInt32(slots.count - 1)
    }

    package enum OnReply {
        case resume(Waiter)
        /// The caller has gone: drop the reply.
        case abandoned(Waiter)
        /// No call of this number is open: the peer broke the protocol.
        case unknown
    }

    /// - Complexity: O(1).
    package mutating func replied(_ number: UInt32) -> OnReply {
        guard number < slots.count else { return .unknown }
        switch slots[Int(number)] {
        case .free: return .unknown
        case .waiting(let waiter, _):
            release(number)
            return .resume(waiter)
        case .abandoned(let waiter):
            release(number)
            return .abandoned(waiter)
        }
    }

    /// Who made a call that has had no reply, abandoned or not.
    package func waiter(_ number: UInt32) -> Waiter? {
        guard number < slots.count else { return nil }
        switch slots[Int(number)] {
        case .free: return nil
        case .waiting(let waiter, _), .abandoned(let waiter): return waiter
        }
    }

    /// Those that wait.
    ///
    /// - Complexity: O(*n*) in the calls that have ever been open at once.
    package var waiters: [Waiter] {
        slots.compactMap { slot in
            if case .waiting(let waiter, _) = slot { waiter } else { nil }
        }
    }

    /// Takes the waiter out of a call that it gives up; `nil` when the call has ended meanwhile.
    /// If it was sent, its reply is still to come.
    ///
    /// - Complexity: O(1).
    package mutating func giveUp(_ number: UInt32, wasSent: Bool) -> Waiter? {
        guard number < slots.count, case .waiting(let waiter, _) = slots[Int(number)] else { return nil }
        if wasSent { slots[Int(number)] = .abandoned(waiter) } else { release(number) }
        return waiter
    }

    /// The calls whose deadline has passed, in the order of their numbers. The owner gives each of them up.
    ///
    /// - Complexity: O(*n*) in the calls that wait; the owner's timer makes it rare.
    package mutating func timePassed(to now: Moment) -> [UInt32] {
        guard earliest <= now else { return [] }
        var late: [UInt32] = []
        earliest = .distantFuture
        for (number, slot) in slots.enumerated() {
            guard case .waiting(_, let deadline) = slot else { continue }
            if deadline <= now { late.append(UInt32(number)) } else { earliest = min(earliest, deadline) }
        }
        return late
    }

    /// Empties the table when the connection is lost, and returns everyone who waits.
    package mutating func removeAll() -> [Waiter] {
        let waiters = waiters
        slots = []
        freeNumbers = []
        earliest = .distantFuture
        return waiters
    }

    private mutating func release(_ number: UInt32) {
        slots[Int(number)] = .free
        freeNumbers.append(number)
    }
}
