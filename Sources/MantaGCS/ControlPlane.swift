internal import HeapModule
package import MantaCore
internal import MantaRuntime
package import MantaScheduling

/// All that the GCS decides: which actors there are, where they go, when they are restarted, and what is
/// held for them.
///
/// Pure state over four others, `Directory`, `ClusterScheduler`, `Membership` and `Feed`: events go in, with the
/// time; what is to be done is collected in order and taken out by ``takeActions()``. The GCS carries it out over
/// links, the simulation over a network that it invents.
///
/// What an incarnation holds on a node is a *lease*: `creating → held → ending → gone`, or to `gone` from each. Its
/// resources are given back when the lease is gone, which is when the raylet has said so, by an answer or
/// a report, or when its node is declared dead. So nobody is sent to a node before its raylet has room, and
/// a lost answer leaks nothing.
///
/// Where it is stored, ``takeChanges(at:)`` says what differs, and actions that were taken since then are carried out
/// once that is durable.
package struct ControlPlane: Sendable {
    package internal(set) var directory: Directory
    package internal(set) var scheduler = ClusterScheduler()
    package internal(set) var membership: Membership
    package internal(set) var feed = Feed()
    package internal(set) var programs = ProgramTable()
    package internal(set) var failures = FailureLog()

    /// What is to be done, in this order.
    package enum Action: Sendable {
        /// Have a raylet do this. Its answer comes back through `answered`, the lack of one through `unanswered`.
        case send(Instruction, to: NodeID)
        /// Tell all who wait for the spawn.
        case settle(ActorID, SpawnEnd)
        /// The actor's fate has changed: tell all who wait for that, or for its next lifecycle event.
        case changed(ActorID)
        /// An incarnation holds nothing any more.
        case released(ActorKey)
        /// The feed tells it too.
        case processEnded(ProcessID)
        /// The feed has news.
        case news
        /// The raylet of a suspect node is to be called.
        case probe(NodeID)
        /// The actor waits for resources.
        case waits(ActorSpec)
        /// The head begins to doubt itself, or does no longer: see ``Membership``.
        case doubts(Bool)
        /// A node was declared dead, with these processes and so many actors.
        case died(NodeID, address: String, processes: [ProcessID], actorCount: Int)
    }

    /// Something to do later.
    struct Reminder: Comparable {
        enum Event {
            /// Only if this is still the incarnation to come.
            case restart(ActorKey)
            /// Only if its lease still waits for that.
            case resend(Instruction, to: NodeID)
            /// Only if the node has neither listed it since nor reported its end.
            case account(ActorKey)
        }

        var time: Moment
        /// Of reminders for the same time the first one goes first.
        var number: UInt64
        var event: Event

        static func < (left: Reminder, right: Reminder) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }

        static func == (left: Reminder, right: Reminder) -> Bool { left.number == right.number }
    }

    var leases: Leases
    /// The actors that wait for resources.
    var waiting: [PlacementTicket: ActorID] = [:]
    /// Restarting actors that no node could ever hold that is there, and since when they wait for one that could.
    var nodeless: [ActorID: Moment] = [:]
    /// Restarting actors whose last incarnation has to be gone before the next is placed.
    var awaitingRelease: Set<ActorKey> = []
    /// The members, as their raylets described them.
    var nodes: [NodeID: MemberNode] = [:]
    var lastNodeNumber: UInt64 = 0
    /// What an earlier life of this directory left to wait for: see `ControlPlane+Restoring.swift`.
    var recoveryEnd: Moment?
    /// How long it takes once it has begun.
    var recoveryTime = ControlPlane.recovery
    /// The machine of the GCS, where others are reached by other ways; `nil` for a cluster of one machine.
    package var home: String?
    private var doubtsItself = false
    var awaitedNodes: Set<NodeID> = []
    /// How long calls may take on the nodes that are being drained; not kept over a restart.
    var drains: [NodeID: Duration] = [:]
    var awaitedDrivers: Set<ProcessID> = []
    /// Incarnations that their raylet has not listed when it came back, and may yet report.
    var unaccounted: Set<ActorKey> = []
    /// Whether somebody takes what changes, to store it.
    let isStored: Bool
    private var reminders = Heap<Reminder>()
    private var reminderCount: UInt64 = 0
    private var actions: [Action] = []
    var random: SplitMix64
    private let clockOffset: Double

    /// How long after an unanswered instruction it is sent again.
    package static let resendDelay = Duration.milliseconds(250)

    /// - Parameters:
    ///   - cluster: The scope of the identifiers made here.
    ///   - seed: Of the jitter of restarts.
    ///   - grace: How long a node that has lost its link has to come back.
    ///   - clockOffset: How far the clock of the wall is ahead of the time that is passed in, in seconds.
    package init(cluster: UInt64, seed: UInt64, grace: Duration = .seconds(3), clockOffset: Double = 0) {
        self.clockOffset = clockOffset
        directory = Directory(cluster: cluster)
        membership = Membership(grace: grace)
        leases = Leases(isStored: false)
        isStored = false
        random = SplitMix64(seed: seed)
    }

    /// A control plane of which the changes are stored, on top of what an earlier life has left: see
    /// `ControlPlane+Restoring.swift`.
    init(_ directory: Directory, _ membership: Membership, feed: Feed, seed: UInt64, clockOffset: Double) {
        self.clockOffset = clockOffset
        self.directory = directory
        self.membership = membership
        self.feed = feed
        leases = Leases(isStored: true)
        isStored = true
        random = SplitMix64(seed: seed)
    }

    /// What has to be done since the last time.
    package mutating func takeActions() -> [Action] {
        defer { actions.removeAll(keepingCapacity: true) }
        return actions
    }

    mutating func act(_ action: Action) { actions.append(action) }

    // MARK: Time

    /// In seconds since 1 January 1970, UTC.
    func wallTime(at now: Moment) -> Double { clockOffset + Double(now.nanoseconds) / 1e9 }

    /// When `timePassed(to:)` next has something to do.
    package var nextDeadline: Moment? {
        let next = min(
            reminders.min?.time ?? .distantFuture,
            scheduler.nextDeadline ?? .distantFuture,
            membership.nextDeadline ?? .distantFuture,
            recoveryEnd ?? .distantFuture
        )
        return next == .distantFuture ? nil : next
    }

    package mutating func timePassed(to now: Moment) {
        for node in membership.overdue(at: now) { nodeDied(node, now: now) }
        noteDoubt(now: now)
        if let recoveryEnd, recoveryEnd <= now { endRecovery(now: now) }
        for failed in scheduler.timePassed(to: now) { placementFailed(failed, now: now) }
        while let next = reminders.min, next.time <= now {
            reminders.removeMin()
            switch next.event {
            case .restart(let key): if directory.actor(key.id)?.key == key { place(key.id, now: now) }
            case .resend(let instruction, let node):
                if isOpen(instruction) { act(.send(instruction, to: node)) }
            case .account(let key): account(for: key, now: now)
            }
        }
    }

    /// To be called after what may have changed it. While nobody is heard, nobody has had the time to come back.
    mutating func noteDoubt(now: Moment) {
        guard membership.doubtsItself != doubtsItself else { return }
        doubtsItself = membership.doubtsItself
        if recoveryEnd != nil { recoveryEnd = doubtsItself ? .distantFuture : now + recoveryTime }
        act(.doubts(doubtsItself))
    }

    mutating func remind(_ event: Reminder.Event, at time: Moment) {
        reminderCount += 1
        reminders.insert(Reminder(time: time, number: reminderCount, event: event))
    }

    // MARK: Listings

    /// What is held on all nodes, by incarnation: for ledgers of what is left at the end.
    package var leaseCount: Int { leases.count }
    package var waitingCount: Int { waiting.count }
}
