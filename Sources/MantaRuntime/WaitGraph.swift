package import MantaCore

/// Which calls wait for which, as far as somebody has looked: calls in line for the holders of an actor's turns,
/// running calls for the calls that they have made.
///
/// Pure state. It was gathered piece by piece from several processes, so no two pieces need be of the same
/// moment; see ``confirmed(by:)``. (Edge chasing as in Chandy, Misra and Haas, "Distributed deadlock detection",
/// 1983, with answers instead of probes that travel on, because an actor may have several turns.)
package struct WaitGraph: Hashable, Sendable, Codable {
    /// A call where it is served.
    package struct Key: Hashable, Sendable, Codable {
        package var process: ProcessID
        package var serial: UInt64

        package init(process: ProcessID, serial: UInt64) {
            self.process = process
            self.serial = serial
        }
    }

    package struct Call: Hashable, Sendable, Codable {
        /// Of its actor, for people.
        package var label: String
        /// The actor for whose turn it waits; `nil` when it runs.
        package var line: ActorID?
        /// While it runs: the calls that it has made and waits for, all of them.
        package var made: Set<Key>

        package init(label: String, line: ActorID? = nil, made: Set<Key> = []) {
            self.label = label
            self.line = line
            self.made = made
        }
    }

    package struct Line: Hashable, Sendable, Codable {
        package var label: String
        /// Those that have all the turns there are.
        package var holders: Set<Key>

        package init(label: String, holders: Set<Key>) {
            self.label = label
            self.holders = holders
        }
    }

    package var calls: [Key: Call] = [:]
    package var lines: [ActorID: Line] = [:]

    package init() {}

    package mutating func merge(_ other: WaitGraph) {
        calls.merge(other.calls) { first, _ in first }
        lines.merge(other.lines) { first, _ in first }
    }

    /// What this graph and one that was gathered after it have in common.
    ///
    /// A call that waits, holds a turn or has been made does so once and without interruption. So all that
    /// was so both times was so at once, at any moment between the two.
    package func confirmed(by later: WaitGraph) -> WaitGraph {
        var both = WaitGraph()
        both.lines = lines.filter { later.lines[$0.key] == $0.value }
        for (key, call) in calls {
            guard var same = later.calls[key], same.line == call.line else { continue }
            same.made.formIntersection(call.made)
            both.calls[key] = same
        }
        return both
    }

    /// The calls that cannot end any more: those in line of which every holder is stuck, and those that have
    /// made one that is. What was not looked at is not stuck.
    ///
    /// - Complexity: O(*n*²) in calls.
    package func stuckCalls() -> Set<Key> {
        var stuck = Set(calls.keys)
        while true {
            let still = stuck.filter { key in
                guard let call = calls[key] else { return false }
                guard let line = call.line else { return !call.made.isDisjoint(with: stuck) }
                guard let holders = lines[line]?.holders, !holders.isEmpty else { return false }
                return holders.isSubset(of: stuck)
            }
            if still.count == stuck.count { return stuck }
            stuck = still
        }
    }
}
