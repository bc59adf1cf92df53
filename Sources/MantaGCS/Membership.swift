package import MantaCore

/// Which nodes are in the cluster: `alive ⇄ suspect → dead`.
///
/// A node whose link closed is suspect at once. It becomes alive again when its raylet registers again, and dead
/// when a probe finds nobody there or the time of grace is over. Dead is for good: a raylet that comes back
/// later is fenced, which means that it has to end its workers and join under a new identifier.
///
/// A head that has lost several machines, and with them all but its own, doubts itself: that it is cut off is likelier than
/// that they all died within one time of grace. Then nobody is declared dead for being silent, until one of them is heard of.
package struct Membership: Sendable {
    /// Alive and suspect.
    private var members: Set<NodeID> = []
    /// Until when. Apart from the others, because the next deadline is asked for at every step of the GCS.
    private var suspects: [NodeID: Moment] = [:]
    /// With how many had died when each had.
    private var dead: [NodeID: UInt64] = [:]
    private var deadInOrder: Directory.History<NodeID>
    private let grace: Duration
    /// Until when the suspects may be spared for the word of others, at most.
    private var limits: [NodeID: Moment] = [:]
    /// So many times of grace later.
    private static let spareCount = 3
    /// On which machines members are; those on the head's own are not in it.
    private var machines: [NodeID: String] = [:]
    /// Suspects whose time was given to them anew, because this side had stood still.
    private var renewed: Set<NodeID> = []
    /// A deadline that is noticed so much later tells that this side stood still, not that nobody came: who has come meanwhile waits
    /// to be heard.
    static let standstill = Duration.milliseconds(500)
    /// Those whose time is over, and of whom nothing can be said.
    private var undecided: Set<NodeID> = []
    /// The nodes that have joined or died.
    private(set) var changes: ChangeSet<NodeID>

    /// - Parameters:
    ///   - grace: How long a suspect node has to come back.
    ///   - deadLimit: How many dead nodes are remembered, the newest.
    ///   - isStored: Whether somebody takes what changes.
    package init(grace: Duration = .seconds(3), deadLimit: Int = 10_000, isStored: Bool = false) {
        self.grace = grace
        deadInOrder = Directory.History(limit: deadLimit)
        changes = ChangeSet(isKept: isStored)
    }

    package func isMember(_ node: NodeID) -> Bool { members.contains(node) }
    package func isSuspect(_ node: NodeID) -> Bool { suspects[node] != nil }
    var suspectCount: Int { suspects.count }

    package enum OnJoin: Hashable, Sendable {
        case new
        /// It was a member, and its link may have been lost meanwhile.
        case again
        /// It was declared dead.
        case fenced
    }

    /// A raylet registers.
    ///
    /// - Parameters:
    ///   - node: Its node.
    ///   - machine: On which machine that is; `nil` for the head's own.
    ///   - now: The time.
    /// - Returns: What it is to the cluster.
    package mutating func joined(_ node: NodeID, on machine: String? = nil, now: Moment) -> OnJoin {
        if dead[node] != nil { return .fenced }
        machines[node] = machine
        settle(node, now: now)
        guard members.insert(node).inserted else { return .again }
        changes.insert(node)
        return .new
    }

    /// The link to its raylet closed.
    ///
    /// - Returns: Whether it has become suspect by that: a probe may settle it sooner.
    package mutating func linkLost(_ node: NodeID, now: Moment) -> Bool {
        guard isMember(node), !isSuspect(node) else { return false }
        giveTime(node, now: now)
        return true
    }

    private mutating func giveTime(_ node: NodeID, now: Moment) {
        suspects[node] = now + grace
        limits[node] = now + grace * (1 + Self.spareCount)
    }

    /// Another node reaches a suspect, or nobody can be asked whether one does: it may be this side that is cut off. So the
    /// verdict is put off, but not for ever, because what it hosts is to go on elsewhere.
    package mutating func spare(_ node: NodeID, now: Moment) {
        guard let deadline = suspects[node], let limit = limits[node] else { return }
        suspects[node] = max(deadline, min(limit, now + grace))
    }

    /// A probe found nobody. Only counts while the node is suspect: it may have joined again meanwhile.
    ///
    /// - Returns: Whether the node is dead by that.
    package mutating func probeFailed(_ node: NodeID, now: Moment) -> Bool {
        isSuspect(node) && declareDead(node, now: now)
    }

    /// - Returns: Whether it was a member.
    package mutating func declareDead(_ node: NodeID, now: Moment) -> Bool {
        guard members.remove(node) != nil else { return false }
        machines[node] = nil
        settle(node, now: now)
        bury(node, number: deadInOrder.count + 1)
        changes.insert(node)
        return true
    }

    private mutating func bury(_ node: NodeID, number: UInt64) {
        dead[node] = number
        guard let forgotten = deadInOrder.append(node) else { return }
        dead[forgotten] = nil
        changes.insert(forgotten)
    }

    /// - Returns: The nodes whose time of grace is over, each to be declared dead; none on other machines for a head that
    ///   doubts itself.
    package mutating func overdue(at now: Moment) -> [NodeID] {
        for (node, deadline) in suspects where deadline + Self.standstill < now {
            if renewed.insert(node).inserted { giveTime(node, now: now) }
        }
        var overdue = suspects.filter { $0.value <= now }.keys.sorted { $0.rawValue < $1.rawValue }
        guard !overdue.isEmpty, hasLostAllMachines else { return overdue }
        for node in overdue where machines[node] != nil {
            undecided.insert(node)
            suspects[node] = .distantFuture
        }
        overdue.removeAll { undecided.contains($0) }
        return overdue
    }

    package var nextDeadline: Moment? { suspects.values.min() }

    // MARK: Doubt

    /// Whether there are nodes whose time is over, and the head may be the one that is cut off.
    package var doubtsItself: Bool { !undecided.isEmpty }

    /// Whether no other machine is left of several. One alone may as well have died.
    private var hasLostAllMachines: Bool {
        guard machines.count > 1, suspects.count >= machines.count else { return false }
        return machines.keys.allSatisfy { isSuspect($0) } && Set(machines.values).count > 1
    }

    /// How long machines may need to be heard again when a line is mended: those who were connecting give up after 5 s, and try again.
    static let comeback = Duration.seconds(6)

    /// A node is suspect no more. If it is by that that the head knows itself to be heard, all others get the time to come back too.
    private mutating func settle(_ node: NodeID, now: Moment) {
        suspects[node] = nil
        limits[node] = nil
        renewed.remove(node)
        undecided.remove(node)
        guard !undecided.isEmpty, !hasLostAllMachines else { return }
        undecided = []
        for (suspect, deadline) in suspects {
            let end = now + max(grace, Self.comeback)
            suspects[suspect] = deadline == .distantFuture ? end : max(deadline, end)
            limits[suspect] = end + grace * Self.spareCount
        }
    }

    // MARK: Storage

    /// Something is to be stored of a node.
    mutating func changed(_ node: NodeID) { changes.insert(node) }

    /// How many had died when the node had; `nil` while it is a member, or unknown.
    func deathNumber(of node: NodeID) -> UInt64? { dead[node] }

    mutating func takeChanges() -> Set<NodeID> { changes.take() }

    /// Enters a member of an earlier life, whose raylet has to register again until `deadline`.
    mutating func restore(_ member: NodeID, on machine: String? = nil, until deadline: Moment) {
        members.insert(member)
        machines[member] = machine
        suspects[member] = deadline
    }

    /// Enters the dead of an earlier life, in the order in which they died.
    mutating func restore(dead restored: [(node: NodeID, number: UInt64)]) {
        for (node, number) in restored { bury(node, number: number) }
        deadInOrder.restoreCount(restored.last?.number ?? 0)
    }
}
