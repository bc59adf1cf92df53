package import MantaCore

/// Which actors and processes the cluster has, where they are, and how they ended.
///
/// The only writer of an actor's state: `pending → alive → dead(cause)` or `pending → dead(cause)`.
/// An operation that ends actors returns the record of each one that it ended, and no other operation
/// returns that record again: whoever gets it gives the actor's resources back, once, if it has a node.
///
/// Reports come from other processes and cross each other, so each operation says whether it still applied:
/// a place found for an actor that was killed meanwhile, a start announced by a worker that has gone. That a
/// node is in the cluster is for the caller to check. The newest of the dead are kept for those who ask;
/// older ones are forgotten. Live processes are bounded by their connections.
package struct Directory: Sendable {
    private let cluster: UInt64
    private let liveActorLimit: Int
    private var lastActorNumber: UInt64 = 0
    private var actorTable: ActorTable
    private var processTable: ProcessTable

    /// - Parameters:
    ///   - cluster: The scope of the identifiers made here.
    ///   - liveActorLimit: How many actors may be pending or alive; past it none can be registered.
    ///   - deadActorLimit: How many dead actors are kept, the newest.
    ///   - deadProcessLimit: The same for processes.
    package init(
        cluster: UInt64,
        liveActorLimit: Int = 1_000_000,
        deadActorLimit: Int = 10_000,
        deadProcessLimit: Int = 10_000
    ) {
        self.cluster = cluster
        self.liveActorLimit = liveActorLimit
        actorTable = ActorTable(deadLimit: deadActorLimit)
        processTable = ProcessTable(deadLimit: deadProcessLimit)
    }
}

// MARK: - Life of an actor

extension Directory {
    /// A new identifier for ``register(_:)``; numbers count from 1. It says whether the actor is to have a
    /// lane of its own.
    package mutating func nextActorID(hasOwnLane: Bool = false) -> ActorID {
        lastActorNumber += 1
        return .spawned(lastActorNumber, cluster: cluster, hasOwnLane: hasOwnLane)
    }

    /// Enters a pending actor, and takes its name.
    ///
    /// - Parameter spec: Its id is from ``nextActorID(hasOwnLane:)`` and used once; another is our bug.
    /// - Throws: Code `nameTaken` if an actor that is not dead has the name, `overloaded` if there are too
    ///   many actors.
    package mutating func register(_ spec: ActorSpec) throws(ClusterError) {
        let (id, last) = (spec.id, lastActorNumber)
        precondition(
            id.kind == .spawned && id.scope == cluster && id.serial > 0 && id.serial <= last,
            "\(id) is not from this directory, which has given out \(last)"
        )
        if let name = spec.options.name, let holder = find(name: name) {
            throw ClusterError(
                .nameTaken,
                "the name \"\(name)\" is taken by \(holder.id), a \(holder.spec.typeName)",
                hint: "look it up by its name instead, or choose another name"
            )
        }
        let liveCount = actorTable.counts.pending + actorTable.counts.alive
        guard liveCount < liveActorLimit else {
            throw ClusterError(.overloaded, "the cluster has \(liveCount) actors, which is the limit")
        }
        actorTable.insert(spec)
    }

    package enum OnPlaced: Hashable, Sendable {
        case accepted
        /// It ended meanwhile, or is forgotten: what the place reserves is to be given back.
        case tooLate(ActorFate)
    }

    /// Notes where the resources of a pending actor are reserved. A second place is our bug.
    package mutating func placed(_ id: ActorID, on node: NodeID) -> OnPlaced {
        // It can be killed while it waits for its place.
        guard let record = actorTable[id], record.deathCause == nil else { return .tooLate(fate(of: id)) }
        actorTable.place(id, on: node)
        return .accepted
    }

    package enum OnAlive: Hashable, Sendable {
        /// Also if the same was announced before: the first answer was lost.
        case accepted
        /// It is dead, forgotten, or alive elsewhere: the process is to end its instance.
        case tooLate(ActorFate)
        /// Its process left before the announcement came, so it has ended just now, for the same cause.
        case ended(ActorRecord)
        /// The announcement cannot be right, and the actor is as pending as before.
        case contradictory(ClusterError)
    }

    /// Notes that a pending actor has been built and takes calls.
    package mutating func alive(
        _ id: ActorID,
        at location: ActorLocation,
        operatingSystemID: Int32
    ) -> OnAlive {
        guard let record = actorTable[id] else { return .tooLate(.unknown) }
        switch record.state {
        case .dead(let cause): return .tooLate(.dead(cause))
        case .alive: return record.location == location ? .accepted : .tooLate(fate(of: id))
        case .pending: break
        }
        guard let process = processTable[location.process] else {
            return contradictory("\(id) cannot live in \(location.process), which has not joined")
        }
        guard let node = record.node, process.node == node else {
            let place = record.node.map { "placed on \($0)" } ?? "waiting for a place"
            return contradictory("\(id) cannot live in \(process.id) on \(process.node): it is \(place)")
        }
        guard location.epoch == record.spec.epoch else {
            let epochs = "\(location.epoch): it is in \(record.spec.epoch)"
            return contradictory("\(id) cannot start in epoch \(epochs)")
        }
        if let cause = process.deathCause, let ended = died(id, cause) { return .ended(ended) }
        actorTable.start(id, at: location, operatingSystemID: operatingSystemID)
        return .accepted
    }

    /// Ends an actor, and frees its name. The first cause stays.
    ///
    /// - Returns: The record, if this ended it.
    package mutating func died(_ id: ActorID, _ cause: DeathCause) -> ActorRecord? {
        actorTable.end(id, cause)
    }

    private func contradictory(_ message: String) -> OnAlive {
        .contradictory(ClusterError(.invalidArgument, message))
    }
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

    /// Ends a process with the actors that are alive in it. The first cause stays.
    ///
    /// Those that it was still building are known only to its raylet, which reports them with ``died(_:_:)``.
    ///
    /// - Returns: The actors that ended, by number.
    package mutating func processLeft(_ id: ProcessID, _ cause: DeathCause) -> [ActorRecord] {
        guard processTable.end(id, cause) else { return [] }
        return actorTable.ids(in: id).compactMap { died($0, cause) }
    }

    /// Ends all processes of a node and all actors placed on it: cause `nodeDied`.
    ///
    /// - Returns: The actors that ended, by number.
    package mutating func nodeLeft(_ node: NodeID) -> [ActorRecord] {
        for process in processTable.ids(on: node) { _ = processTable.end(process, .nodeDied(node)) }
        return actorTable.ids(on: node).compactMap { died($0, .nodeDied(node)) }
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
        case .system: fate(inProcess: ProcessID(id.scope), lane: Self.controlLane)
        }
    }

    package func actor(_ id: ActorID) -> ActorRecord? { actorTable[id] }
    package func process(_ id: ProcessID) -> ProcessRecord? { processTable[id] }

    /// The actor that has the name, pending or alive.
    package func find(name: String) -> ActorRecord? { actorTable.find(name: name) }

    /// All actors that are not forgotten, by number.
    ///
    /// - Complexity: O(*n* log *n*).
    package func actors() -> [ActorInfo] {
        actorTable.all.map(\.info).sorted { $0.id.serial < $1.id.serial }
    }

    package var actorCounts: ActorCounts { actorTable.counts }
    package var processCounts: ProcessCounts { processTable.counts }

    /// The lane on which the control plane of every process is called, as links name it in their greeting.
    private static let controlLane: UInt8 = 255
    /// How many calls may wait for an actor that has no options of its own.
    private static let defaultMaxPendingCalls = 1_000

    private func spawnedFate(of id: ActorID) -> ActorFate {
        guard let record = actorTable[id] else { return .unknown }
        switch record.state {
        case .pending: return .pending
        case .dead(let cause): return .dead(cause)
        case .alive:
            guard let location = record.location else { preconditionFailure("\(id) is alive but nowhere") }
            return .alive(location)
        }
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
