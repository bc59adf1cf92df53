package import MantaCore
internal import MantaScheduling

// MARK: - Spawning

extension ControlPlane {
    /// Accepts an actor, and finds it a place, now or later.
    ///
    /// - Parameters:
    ///   - request: What its caller asks for.
    ///   - job: The driver whose job it joins, if the caller is no actor that has one.
    ///   - now: The time.
    /// - Returns: Its identifier. A `settle` action tells how it went on, unless the same request was accepted before and has
    ///   settled.
    /// - Throws: `nameTaken`, `overloaded`, `ownerDied`: nothing was accepted.
    package mutating func spawn(
        _ request: SpawnRequest,
        job: ProcessID,
        now: Moment
    ) throws(ClusterError) -> ActorID {
        // Asked again: it has been accepted, unless it was given up before it had settled, for the end of the head or the loss
        // of the link over which it was asked for.
        if let known = directory.actor(ofRequest: request.number), !known.wasGivenUp { return known.id }
        return try spawnAnew(request, job: job, now: now)
    }

    private mutating func spawnAnew(
        _ request: SpawnRequest,
        job: ProcessID,
        now: Moment
    ) throws(ClusterError) -> ActorID {
        let program = try programJob(for: request, caller: job)
        let spec = ActorSpec(
            id: directory.nextActorID(hasOwnLane: request.options.isolation == .thread),
            epoch: 1,
            mangledTypeName: request.mangledTypeName,
            typeName: request.typeName,
            arguments: request.arguments,
            options: request.options,
            job: program
        )
        let (owner, job) = try owner(for: request, job: job)
        try directory.register(spec, owner: owner, job: job, request: request.number)
        place(spec.id, near: request.near, now: now)
        return spec.id
    }

    package enum OnGetOrSpawn: Hashable, Sendable {
        case found(ActorID)
        case spawned(ActorID)
    }

    /// The actor that has the name, spawned in the same step if there is none.
    ///
    /// Asked again, also when what the first time came to has died meanwhile; only an initialiser that threw does not run
    /// again for the same request.
    package mutating func getOrSpawn(
        _ request: SpawnRequest,
        job: ProcessID,
        now: Moment
    ) throws(ClusterError) -> OnGetOrSpawn {
        if let name = request.options.qualifiedName, let holder = directory.find(name) {
            return .found(holder.id)
        }
        if let known = directory.actor(ofRequest: request.number), !known.wasGivenUp,
            case .initFailed = known.deathCause
        {
            return .found(known.id)
        }
        return .spawned(try spawnAnew(request, job: job, now: now))
    }

    /// Gives up a spawn that has not settled.
    package mutating func cancelSpawn(_ id: ActorID, now: Moment) {
        guard case .pending = directory.actor(id)?.state else { return }
        finish(id, .killed, .cancelled, now: now)
    }

    private func owner(for request: SpawnRequest, job caller: ProcessID) throws(ClusterError) -> (
        owner: ActorOwner?, job: ProcessID?
    ) {
        // One that a process created for itself is not known here, and stands for its job.
        let spawner = request.spawner.flatMap { $0.id.kind == .spawned ? $0 : nil }
        let record = spawner.flatMap { directory.actor($0.id) }
        // An actor that belongs to no job has none to give.
        let job = record.map(\.job) ?? caller
        // A request can arrive after the end of its owner, and what it spawned then would never end.
        switch (request.options.lifetime, spawner) {
        case (.detached, _): return (nil, nil)
        case (.spawner, let spawner?):
            guard record?.key == spawner, record?.deathCause == nil else {
                throw ownerDied(request, "\(spawner)")
            }
            return (.actor(spawner), job)
        case (.spawner, nil), (.job, _):
            guard let job else { return (nil, nil) }
            if directory.process(job)?.deathCause != nil || directory.job(job)?.hasEnded == true {
                throw ownerDied(request, "the driver \(job)")
            }
            return (.job(job), job)
        }
    }

    /// The job whose program the actor is built from: that of its spawner, also when it does not belong to it.
    private func programJob(
        for request: SpawnRequest,
        caller: ProcessID
    ) throws(ClusterError) -> ProcessID {
        let job = request.spawner.flatMap { directory.actor($0.id)?.spec.job } ?? caller
        if directory.job(job)?.isKept == false { throw ownerDied(request, "the job of \(job)") }
        return job
    }

    private func ownerDied(_ request: SpawnRequest, _ owner: String) -> ClusterError {
        ClusterError(.ownerDied, "\(request.typeName) would end with \(owner), which has ended already")
    }
}

// MARK: - Ending

extension ControlPlane {
    /// Ends an actor at once; a dead one stays as it is.
    ///
    /// - Parameters:
    ///   - id: The actor.
    ///   - restart: Whether its policy may bring it back; the next incarnation is placed when this one is gone.
    ///   - epoch: The only incarnation that is to end when the actor may come back: whoever asks again, for an answer that
    ///     was lost, does not end the next one too. `nil` for the one that there is.
    ///   - now: The time.
    /// - Returns: The incarnation whose `released` action tells that it is gone; `nil` when there is none.
    /// - Throws: `noSuchActor`.
    package mutating func kill(
        _ id: ActorID,
        restart: Bool,
        epoch: UInt32? = nil,
        now: Moment
    ) throws(ClusterError) -> ActorKey? {
        let record = try known(id)
        guard record.deathCause == nil else { return nil }
        switch record.state {
        case .restarting where restart: break
        case .alive where restart && epoch ?? record.key.epoch != record.key.epoch: break
        case .alive where restart && record.stopping == nil:
            incarnationEnded(record.key, .killed, now: now, isGone: false)
        default: finish(id, .killed, .failed(endedEarly(id, .killed)), now: now)
        }
        // The one before, when that is still to go; and never one that is being built to live.
        let candidates = [record.key, ActorKey(id, epoch: record.key.epoch - 1)]
        return candidates.first { leases[$0]?.state == .ending }
    }

    /// Has an actor end in order: see `Instruction.stop`. Asked again, the first request counts.
    ///
    /// - Returns: Whether it is dead already; if not, a `changed` action will tell.
    /// - Throws: `noSuchActor`.
    package mutating func stop(
        _ id: ActorID,
        _ cause: DeathCause,
        within limit: Duration,
        now: Moment
    ) throws(ClusterError) -> Bool {
        let record = try known(id)
        switch record.state {
        case .dead: return true
        case .pending, .restarting:
            // There is nothing that could be stopped in order.
            finish(id, cause, .failed(endedEarly(id, cause)), now: now)
            return true
        case .alive:
            guard record.stopping == nil, let node = record.node else { return false }
            directory.stopping(id, cause, within: limit)
            act(.send(.stop(record.key, cause, within: limit), to: node))
            return false
        }
    }

    /// A driver takes part, perhaps again, and its job begins: one step, so that no restart finds the one without the other.
    ///
    /// - Parameters:
    ///   - process: The driver.
    ///   - job: What it brings.
    /// - Returns: Whether it is accepted; if not, nothing begins.
    package mutating func driverJoined(
        _ process: ProcessRecord,
        job: JobSpec
    ) -> Directory.OnProcessJoined {
        let outcome = processJoined(process)
        guard case .accepted = outcome else { return outcome }
        awaitedDrivers.remove(process.id)
        directory.jobStarted(job)
        return .accepted
    }

    /// How long actors have to end in order whose owner has ended: nobody waits for them, but they hold resources.
    static let orphanStopLimit = Duration.seconds(5)

    /// A driver has ended: so do the actors of its job.
    ///
    /// - Parameters:
    ///   - job: The driver.
    ///   - limit: How long its actors have to end in order; 5 seconds for `nil`.
    ///   - now: The time.
    package mutating func jobEnded(_ job: ProcessID, within limit: Duration? = nil, now: Moment) {
        directory.jobEnded(job, at: wallTime(at: now))
        let limit = limit ?? Self.orphanStopLimit
        for id in directory.owned(by: .job(job)) { _ = try? stop(id, .jobEnded, within: limit, now: now) }
    }

    private func known(_ id: ActorID) throws(ClusterError) -> ActorRecord {
        guard case .spawned = id.kind, let record = directory.actor(id) else {
            throw ClusterError(
                .noSuchActor,
                "the directory has no \(id)",
                hint: "only actors that were spawned can be stopped or killed"
            )
        }
        return record
    }

    func endedEarly(_ id: ActorID, _ cause: DeathCause) -> ClusterError {
        // Where it has a place its initialiser may run.
        let outcome: ClusterError.Outcome = directory.actor(id)?.node == nil ? .notExecuted : .mayHaveExecuted
        return ClusterError(.actorDied(cause), "\(id) ended before it was ready: \(cause)", outcome: outcome)
    }

    /// Ends an actor for good, wherever it is in its life.
    ///
    /// - Parameters:
    ///   - id: The actor.
    ///   - cause: Why.
    ///   - end: What those learn who wait for its spawn, if it was pending.
    ///   - isFailure: Whether it may go into the log of failures.
    ///   - now: The time.
    mutating func finish(
        _ id: ActorID,
        _ cause: DeathCause,
        _ end: SpawnEnd,
        isFailure: Bool = true,
        now: Moment
    ) {
        let wasPending = if case .pending = directory.actor(id)?.state { true } else { false }
        guard let record = directory.died(id, cause) else { return }
        if isFailure { failures.ended(record, cause, now: now) }
        let ticket = PlacementTicket(id.serial)
        if waiting.removeValue(forKey: ticket) != nil { _ = scheduler.cancel(ticket) }
        nodeless[id] = nil
        endLease(record.key, cause)
        if wasPending { act(.settle(id, end)) }
        announceDeath(of: record, now: now)
    }

    /// Tells everybody of an actor that has just died, and ends those that it owns.
    private mutating func announceDeath(of record: ActorRecord, now: Moment) {
        act(.changed(record.id))
        if let name = record.spec.options.qualifiedName {
            feed.append(.nameFreed(name))
            act(.news)
        }
        endOwned(by: record.key, now: now)
    }

    /// Ends the actors that were to live no longer than this incarnation.
    private mutating func endOwned(by key: ActorKey, now: Moment) {
        for id in directory.owned(by: .actor(key)) {
            _ = try? stop(id, .jobEnded, within: Self.orphanStopLimit, now: now)
        }
    }

    // MARK: Incarnations

    /// Carries on after the end of an incarnation: a restart, or the end of the actor.
    ///
    /// - Parameters:
    ///   - key: The incarnation.
    ///   - cause: Why it ended.
    ///   - now: The time.
    ///   - isGone: Whether it certainly runs no more. If not, its lease is ended first.
    mutating func incarnationEnded(_ key: ActorKey, _ cause: DeathCause, now: Moment, isGone: Bool = true) {
        guard let record = directory.actor(key.id) else { return }
        if record.key == key, record.deathCause == nil { failures.ended(record, cause, now: now) }
        let wasPending = if case .pending = record.state { true } else { false }
        switch directory.incarnationEnded(key, cause, now: now, random: &random) {
        case .stale: break
        case .dead(let dead):
            if !isGone { endLease(key, cause) }
            if wasPending { act(.settle(key.id, .failed(notCreated(key.id, cause)))) }
            announceDeath(of: dead, now: now)
        case .restarting(let delay):
            act(.changed(key.id))
            endOwned(by: key, now: now)
            if !isGone, leases[key] != nil {
                awaitingRelease.insert(key)
                endLease(key, cause)
            } else if delay > .zero {
                remind(.restart(ActorKey(key.id, epoch: key.epoch + 1)), at: now + delay)
            } else {
                place(key.id, now: now)
            }
        }
    }

    private func notCreated(_ id: ActorID, _ cause: DeathCause) -> ClusterError {
        if case .nodeDied(let node) = cause {
            return ClusterError(.nodeDied, "\(node) died while it created \(id)", outcome: .mayHaveExecuted)
        }
        return ClusterError(
            .workerDied(cause),
            "the worker ended while it created \(id): \(cause)",
            outcome: .mayHaveExecuted
        )
    }
}

// MARK: - Placing

extension ControlPlane {
    /// Looks for a node for an actor that has none.
    mutating func place(_ id: ActorID, near: NodeID? = nil, now: Moment) {
        let ticket = PlacementTicket(id.serial)
        guard let record = directory.actor(id), record.isUnplaced, waiting[ticket] == nil else { return }
        let options = record.spec.options
        let request = record.spec.request
        let deadline = now + options.placementTimeout
        switch scheduler.place(request, ticket: ticket, deadline: deadline, near: near) {
        case .placed(let node): begin(id, on: node)
        case .infeasible(let error), .refused(let error): unplaceable(id, error, now: now)
        case .waiting:
            waiting[ticket] = id
            act(.waits(record.spec))
        }
    }

    mutating func resume(_ grants: [PlacementGrant]) {
        for grant in grants {
            guard let id = waiting.removeValue(forKey: grant.ticket) else {
                preconditionFailure("\(grant.ticket) waits for nobody")
            }
            begin(id, on: grant.node)
        }
    }

    mutating func placementFailed(_ failed: FailedPlacement, now: Moment) {
        guard let id = waiting.removeValue(forKey: failed.ticket) else { return }
        unplaceable(id, failed.error, now: now)
    }

    private mutating func begin(_ id: ActorID, on node: NodeID) {
        guard case .accepted = directory.placed(id, on: node), let spec = directory.actor(id)?.spec else {
            preconditionFailure("\(id) was given a place although it is dead")
        }
        leases.insert(spec.key, Lease(node: node, demand: spec.options.resources))
        act(.send(.create(spec), to: node))
    }

    /// A node has joined: perhaps it can hold those that no other could.
    mutating func placeNodeless(now: Moment) {
        let ids = nodeless.keys.sorted { $0.serial < $1.serial }
        nodeless = [:]
        for id in ids { place(id, now: now) }
    }

    /// Whether an actor without a node may get one from a node that is yet to join.
    private func hasHope(_ record: ActorRecord) -> Bool {
        // A node that starts again has another identifier.
        if case .node(let node, soft: false) = record.spec.options.placement {
            return membership.isMember(node)
        }
        return true
    }

    private mutating func unplaceable(_ id: ActorID, _ error: ClusterError, now: Moment) {
        guard let record = directory.actor(id) else { return }
        if case .restarting(let cause) = record.state {
            // That its nodes are gone is no failure of the actor.
            if error.code == .infeasible, hasHope(record) { return nodeless[id] = now }
            incarnationEnded(record.key, cause, now: now)
        } else {
            // Whoever spawned it learns that: nothing in the cluster has failed.
            finish(id, .neverStarted(error), .failed(error), isFailure: false, now: now)
        }
    }
}
