package import MantaCore

/// Which nodes are in the cluster: `alive ⇄ suspect → dead`.
///
/// A node whose link closed is suspect at once. It becomes alive again when its raylet registers again, and dead
/// when a probe finds nobody there or the time of grace is over. Dead is for good: a raylet that comes back
/// later is fenced, which means that it has to end its workers and join under a new identifier.
package struct Membership: Sendable {
    /// Alive and suspect.
    private var members: Set<NodeID> = []
    /// Until when. Apart from the others, because the next deadline is asked for at every step of the GCS.
    private var suspects: [NodeID: Moment] = [:]
    private var dead: Set<NodeID> = []
    private var deadInOrder: Directory.History<NodeID>
    private let grace: Duration

    /// - Parameters:
    ///   - grace: How long a suspect node has to come back.
    ///   - deadLimit: How many dead nodes are remembered, the newest.
    package init(grace: Duration = .seconds(3), deadLimit: Int = 10_000) {
        self.grace = grace
        deadInOrder = Directory.History(limit: deadLimit)
    }

    package func isMember(_ node: NodeID) -> Bool { members.contains(node) }
    package func isSuspect(_ node: NodeID) -> Bool { suspects[node] != nil }

    package enum OnJoin: Hashable, Sendable {
        case new
        /// It was a member, and its link may have been lost meanwhile.
        case again
        /// It was declared dead.
        case fenced
    }

    package mutating func joined(_ node: NodeID) -> OnJoin {
        if dead.contains(node) { return .fenced }
        suspects[node] = nil
        return members.insert(node).inserted ? .new : .again
    }

    /// The link to its raylet closed.
    ///
    /// - Returns: Whether it has become suspect by that: a probe may settle it sooner.
    package mutating func linkLost(_ node: NodeID, now: Moment) -> Bool {
        guard isMember(node), !isSuspect(node) else { return false }
        suspects[node] = now + grace
        return true
    }

    /// A probe found nobody. Only counts while the node is suspect: it may have joined again meanwhile.
    ///
    /// - Returns: Whether the node is dead by that.
    package mutating func probeFailed(_ node: NodeID) -> Bool {
        isSuspect(node) && declareDead(node)
    }

    /// - Returns: Whether it was a member.
    package mutating func declareDead(_ node: NodeID) -> Bool {
        guard members.remove(node) != nil else { return false }
        suspects[node] = nil
        dead.insert(node)
        if let forgotten = deadInOrder.append(node) { dead.remove(forgotten) }
        return true
    }

    /// - Returns: The nodes whose time of grace is over, each to be declared dead.
    package func overdue(at now: Moment) -> [NodeID] {
        suspects.filter { $0.value <= now }.keys.sorted { $0.rawValue < $1.rawValue }
    }

    package var nextDeadline: Moment? { suspects.values.min() }
}
