package import MantaCore
internal import MantaTransport

/// Which actors and processes the cluster has, where they are, and how they ended.
///
/// The only writer of an actor's state: `pending → alive → restarting → alive … → dead(cause)`; any state may
/// be followed by `dead`. A restart raises the epoch, and only the present epoch can become alive. An operation
/// that ends an actor returns its record, and no other operation returns that record again.
///
/// Reports come from other processes and cross each other, so each operation says whether it still applied:
/// a place found for an actor that was killed meanwhile, a start announced by a worker that has gone. That a
/// node is in the cluster is for the caller to check. The newest of the dead are kept for those who ask;
/// older ones are forgotten. Live processes are bounded by their connections.
package struct Directory: Sendable {
    let cluster: UInt64
    private let liveActorLimit: Int
    var lastActorNumber: UInt64 = 0
    /// What of it is stored already.
    var storedActorNumber: UInt64 = 0
    var actorTable: ActorTable
    var processTable: ProcessTable
    var jobTable: JobTable

    /// - Parameters:
    ///   - cluster: The scope of the identifiers made here.
    ///   - liveActorLimit: How many actors may not be dead; past it none can be registered.
    ///   - deadActorLimit: How many dead actors are kept, the newest.
    ///   - deadProcessLimit: The same for processes.
    ///   - endedJobLimit: How many jobs are kept that have ended with all of their actors, the newest.
    ///   - isStored: Whether somebody takes what changes.
    package init(
        cluster: UInt64,
        liveActorLimit: Int = 1_000_000,
        deadActorLimit: Int = 10_000,
        deadProcessLimit: Int = 10_000,
        endedJobLimit: Int = 1_000,
        isStored: Bool = false
    ) {
        self.cluster = cluster
        self.liveActorLimit = liveActorLimit
        actorTable = ActorTable(deadLimit: deadActorLimit, isStored: isStored)
        processTable = ProcessTable(deadLimit: deadProcessLimit, isStored: isStored)
        jobTable = JobTable(listedLimit: endedJobLimit, isStored: isStored)
    }
}

// MARK: - Life of an actor

extension Directory {
    /// A new identifier for ``register(_:owner:job:)``; numbers count from 1. It says whether the actor is to have a
    /// lane of its own.
    package mutating func nextActorID(hasOwnLane: Bool = false) -> ActorID {
        lastActorNumber += 1
        return .spawned(lastActorNumber, cluster: cluster, hasOwnLane: hasOwnLane)
    }

    /// Enters a pending actor, and takes its name.
    ///
    /// - Parameters:
    ///   - spec: Its id is from ``nextActorID(hasOwnLane:)`` and used once; another is our bug.
    ///   - owner: Whose end is to end it.
    ///   - job: The driver that it belongs to.
    ///   - request: The number of the request for it.
    /// - Throws: Code `nameTaken` if an actor that is not dead has the name, `overloaded` if there are too
    ///   many actors.
    package mutating func register(
        _ spec: ActorSpec,
        owner: ActorOwner? = nil,
        job: ProcessID? = nil,
        request: UInt64 = 0
    ) throws(ClusterError) {
        let (id, last) = (spec.id, lastActorNumber)
        precondition(
            id.kind == .spawned && id.scope == cluster && id.serial > 0 && id.serial <= last,
            "\(id) is not from this directory, which has given out \(last)"
        )
        if let name = spec.options.qualifiedName, let holder = find(name) {
            throw ClusterError(
                .nameTaken,
                "the name \(name) is taken by \(holder.id), a \(holder.spec.typeName)",
                hint: "look it up by its name instead, use getOrSpawn, or choose another name"
            )
        }
        let liveCount = actorTable.counts.live
        guard liveCount < liveActorLimit else {
            throw ClusterError(.overloaded, "the cluster has \(liveCount) actors, which is the limit")
        }
        actorTable.insert(spec, owner: owner, job: job, request: request)
        jobTable.actorRegistered(of: spec.job)
    }

    package enum OnPlaced: Hashable, Sendable {
        case accepted
        /// It ended meanwhile, or is forgotten: what the place reserves is to be given back.
        case tooLate(ActorFate)
    }

    /// Notes where the resources of an actor without a place are reserved. A second place is our bug.
    package mutating func placed(_ id: ActorID, on node: NodeID) -> OnPlaced {
        // It can be killed while it waits for its place.
        guard let record = actorTable[id], record.deathCause == nil else { return .tooLate(fate(of: id)) }
        actorTable.place(id, on: node)
        return .accepted
    }

    package enum OnAlive: Hashable, Sendable {
        /// Also if the same was announced before: the first answer was lost.
        case accepted
        /// Another epoch is the present one, or it is dead, forgotten, or alive elsewhere: the process is to
        /// end its instance.
        case tooLate(ActorFate)
        /// Its process has left already, for this cause, and the incarnation with it.
        case processLeft(DeathCause)
    }

    /// Notes that an incarnation of an actor has been built on `node` and takes calls.
    ///
    /// Its process is entered too if it has not joined yet: the two messages may cross.
    package mutating func alive(
        _ id: ActorID,
        at location: ActorLocation,
        on node: NodeID,
        operatingSystemID: Int32,
        now: Moment
    ) -> OnAlive {
        guard let record = actorTable[id] else { return .tooLate(.unknown) }
        guard location.epoch == record.spec.epoch, record.node == node else { return .tooLate(record.fate) }
        switch record.state {
        case .dead: return .tooLate(record.fate)
        case .alive: return record.location == location ? .accepted : .tooLate(record.fate)
        case .pending, .restarting: break
        }
        let process = ProcessRecord(
            id: location.process,
            node: node,
            endpoint: location.endpoint,
            operatingSystemID: operatingSystemID,
            job: record.spec.job
        )
        if case .dead(let cause) = processJoined(process) { return .processLeft(cause) }
        var location = location
        // Kept once for all actors of the process.
        if let known = processTable[location.process]?.endpoint, known == location.endpoint {
            location.endpoint = known
        }
        actorTable.start(id, at: location, operatingSystemID: operatingSystemID, now: now)
        return .accepted
    }

    package enum OnIncarnationEnded: Hashable, Sendable {
        /// Another is to come, with the epoch that the record now has, after this time.
        case restarting(after: Duration)
        case dead(ActorRecord)
        /// It was not the present incarnation.
        case stale
    }

    /// Notes that an incarnation has ended by itself, and decides by the actor's policy what follows.
    ///
    /// One that never took calls ends the actor: the very first `init` is not repeated.
    package mutating func incarnationEnded(
        _ key: ActorKey,
        _ cause: DeathCause,
        now: Moment,
        random: inout some RandomNumberGenerator
    ) -> OnIncarnationEnded {
        guard let record = actorTable[key.id], record.key == key, record.deathCause == nil else {
            return .stale
        }
        if let stopping = record.stopping { return dead(key.id, stopping) }
        if case .pending = record.state { return dead(key.id, cause) }
        if let moving = record.moving {
            actorTable.restart(key.id, moving)
            return .restarting(after: .zero)
        }
        var budget = record.budget
        let decision = budget.decide(
            record.spec.options.restarts,
            at: now,
            aliveSince: record.aliveSince,
            random: &random
        )
        guard case .restart(let delay) = decision else { return dead(key.id, cause) }
        actorTable.restart(key.id, cause)
        actorTable.update(key.id) { $0.budget = budget }
        return .restarting(after: delay)
    }

    private mutating func dead(_ id: ActorID, _ cause: DeathCause) -> OnIncarnationEnded {
        died(id, cause).map { .dead($0) } ?? .stale
    }

    /// Notes that an actor was asked to stop: the end of its incarnation is its own, with this cause.
    package mutating func stopping(_ id: ActorID, _ cause: DeathCause, within limit: Duration) {
        actorTable.update(id) { record in
            guard record.stopping == nil else { return }
            record.stopping = cause
            record.stopLimit = limit
        }
    }

    /// Notes that an incarnation ends in order, to go on elsewhere.
    package mutating func moving(_ id: ActorID, _ cause: DeathCause, within limit: Duration) {
        actorTable.update(id) { record in
            record.moving = cause
            record.stopLimit = limit
        }
    }

    /// Ends an actor, and frees its name. The first cause stays.
    ///
    /// - Returns: The record, if this ended it.
    package mutating func died(_ id: ActorID, _ cause: DeathCause) -> ActorRecord? {
        guard let record = actorTable.end(id, cause) else { return nil }
        jobTable.actorDied(of: record.spec.job)
        return record
    }

    package func owned(by owner: ActorOwner) -> [ActorID] { actorTable.ids(of: owner) }
}

// MARK: - Processes and nodes

extension Directory {
    package enum OnProcessJoined: Hashable, Sendable {
        /// Also if the same joined before: the first answer was lost.
        case accepted
        /// It was declared dead, and stays so: it is to exit, and start again under a new id.
        case dead(DeathCause)
        /// Another process has this id.
        case contradictory(ClusterError)
    }

    package mutating func processJoined(_ record: ProcessRecord) -> OnProcessJoined {
        guard let known = processTable[record.id] else {
            processTable.insert(record)
            return .accepted
        }
        if let cause = known.deathCause { return .dead(cause) }
        let isSame =
            (known.node, known.endpoint, known.operatingSystemID)
            == (record.node, record.endpoint, record.operatingSystemID)
        guard isSame else {
            return .contradictory(
                ClusterError(
                    .invalidArgument,
                    "\(record.id) is process \(known.operatingSystemID) on \(known.node), "
                        + "and cannot be process \(record.operatingSystemID) on \(record.node)"
                )
            )
        }
        return .accepted
    }

    /// Ends a process. The first cause stays.
    ///
    /// - Returns: The incarnations that were alive in it, by number of their actors; each has ended.
    package mutating func processLeft(_ id: ProcessID, _ cause: DeathCause) -> [ActorKey] {
        guard processTable.end(id, cause) else { return [] }
        return actorTable.ids(in: id).compactMap { actorTable[$0]?.key }
    }

    /// Ends all processes of a node: cause `nodeDied`.
    ///
    /// - Returns: The processes, and the incarnations that were placed on the node, by number of their actors;
    ///   each has ended.
    package mutating func nodeLeft(_ node: NodeID) -> (processes: [ProcessID], incarnations: [ActorKey]) {
        let processes = processTable.ids(on: node)
        for process in processes { _ = processTable.end(process, .nodeDied(node)) }
        return (processes, actorTable.ids(on: node).compactMap { actorTable[$0]?.key })
    }
}

// MARK: - Jobs

extension Directory {
    /// A driver has joined, and its job begins; said again, it changes nothing.
    package mutating func jobStarted(_ spec: JobSpec) { jobTable.start(spec) }

    /// A driver has ended, at a time in seconds since 1 January 1970. Its job is kept while actors of it live.
    package mutating func jobEnded(_ job: ProcessID, at time: Double) { jobTable.end(job, at: time) }

    package func job(_ id: ProcessID) -> JobRecord? { jobTable[id] }

    /// All jobs that are not forgotten, oldest first.
    package func jobs() -> [JobInfo] {
        jobTable.all.map(\.info).sorted { ($0.startTime, $0.id.rawValue) < ($1.startTime, $1.id.rawValue) }
    }
}

// MARK: - Questions

extension Directory {
    /// What became of an actor: of the directory's own, or of one that a process created for itself, which
    /// is where its process is and ends with it.
    package func fate(of id: ActorID) -> ActorFate {
        switch id.kind {
        case .spawned: spawnedFate(of: id)
        case .local(let process): fate(inProcess: process, lane: id.localLane)
        case .system: fate(inProcess: ProcessID(id.scope), lane: Greeting.controlLane)
        }
    }

    package func actor(_ id: ActorID) -> ActorRecord? { actorTable[id] }
    package func process(_ id: ProcessID) -> ProcessRecord? { processTable[id] }

    /// The actor that was spawned for a request, if that was one of the last.
    package func actor(ofRequest number: UInt64) -> ActorRecord? {
        actorTable.recent[number].flatMap { actorTable[$0] }
    }

    /// The actor that has the name, and is not dead.
    package func find(_ name: QualifiedName) -> ActorRecord? { actorTable.find(name: name) }

    /// All actors that are not forgotten, by number.
    ///
    /// - Complexity: O(*n* log *n*).
    package func actors() -> [ActorInfo] {
        actorTable.all.map(\.info).sorted { $0.id.serial < $1.id.serial }
    }

    package var actorCounts: ActorCounts { actorTable.counts }
    package var processCounts: ProcessCounts { processTable.counts }

    /// How many calls may wait for an actor that has no options of its own.
    private static let defaultMaxPendingCalls = 1_000

    private func spawnedFate(of id: ActorID) -> ActorFate {
        actorTable[id]?.fate ?? .unknown
    }

    private func fate(inProcess process: ProcessID, lane: UInt8) -> ActorFate {
        guard let record = processTable[process] else { return .unknown }
        if let cause = record.deathCause { return .dead(cause) }
        return .alive(
            ActorLocation(
                process: process,
                endpoint: record.endpoint,
                lane: lane,
                epoch: 0,
                maxPendingCalls: Self.defaultMaxPendingCalls
            )
        )
    }
}
