package import MantaCore
internal import MantaRuntime
internal import MantaScheduling

// What raylets answer and report.

extension ControlPlane {
    /// A raylet has built an actor, or not. Answers of which the lease is gone, or ending, come too late: whatever
    /// there is on the node is being ended already.
    package mutating func answered(_ key: ActorKey, _ answer: CreationAnswer, now: Moment) {
        guard let lease = leases[key], lease.state == .creating else { return }
        switch answer {
        case .created(let location, let operatingSystemID):
            let outcome = directory.alive(
                key.id,
                at: location,
                on: lease.node,
                operatingSystemID: operatingSystemID,
                now: now
            )
            switch outcome {
            case .accepted:
                leases.hold(key)
                if key.epoch == 1 { act(.settle(key.id, .created(location))) }
                act(.changed(key.id))
                drainIfNeeded(key, now: now)
            case .tooLate:
                // Built as another incarnation, which is its raylet's fault: nobody would answer for this one.
                endLease(key, .fenced)
                incarnationEnded(key, .fenced, now: now, isGone: false)
            case .processLeft(let cause):
                release(key, now: now)
                incarnationEnded(key, cause, now: now)
            }
        case .initFailed(let failure):
            release(key, now: now)
            if key.epoch == 1 {
                finish(key.id, .initFailed(failure.text), .initFailed(failure), now: now)
            } else {
                incarnationEnded(key, .initFailed(failure.text), now: now)
            }
        case .ended(let cause):
            release(key, now: now)
            incarnationEnded(key, cause, now: now)
        case .refused(let error):
            release(key, now: now)
            if key.epoch == 1 {
                finish(key.id, .neverStarted(error), .failed(error), now: now)
            } else {
                incarnationEnded(key, .neverStarted(error), now: now)
            }
        }
    }

    /// A raylet has ended an incarnation as it was told to.
    package mutating func answeredEnd(_ key: ActorKey, now: Moment) {
        guard let lease = leases[key], lease.state == .ending else { return }
        release(key, now: now)
    }

    /// A raylet has stopped an incarnation as it was told to.
    package mutating func answeredStop(_ key: ActorKey, now: Moment) {
        guard leases[key] != nil else { return }
        release(key, now: now)
        incarnationEnded(key, .stopped, now: now)
    }

    /// No answer came: the link was lost, or it took too long. It is sent again, as long as it matters and the node
    /// is a member.
    package mutating func unanswered(_ instruction: Instruction, from node: NodeID, now: Moment) {
        guard isOpen(instruction) else { return }
        remind(.resend(instruction, to: node), at: now + Self.resendDelay)
    }

    /// Whether an instruction still waits for its answer.
    func isOpen(_ instruction: Instruction) -> Bool {
        guard let lease = leases[instruction.key] else { return false }
        return switch instruction {
        case .create: lease.state == .creating
        case .end: lease.state == .ending
        case .stop: lease.state == .held
        }
    }

    /// A process serves its socket. One of a node that was declared dead comes too late: nobody would tell of its end.
    package mutating func processJoined(_ record: ProcessRecord) -> Directory.OnProcessJoined {
        guard record.node == .none || membership.isMember(record.node) else {
            return .dead(.nodeDied(record.node))
        }
        return directory.processJoined(record)
    }

    /// A process has ended, and with it these incarnations, some of which it may still have been building.
    package mutating func processLeft(
        _ process: ProcessID,
        _ cause: DeathCause,
        incarnations: [ActorKey],
        now: Moment
    ) {
        if directory.process(process)?.deathCause == nil { feed.append(.processEnded(process)) }
        let record = directory.process(process)
        let known = directory.processLeft(process, cause)
        let actorCount = Set(known).union(incarnations).count
        // One that hosts nothing any more is ended by its raylet, the short way.
        if let record, record.deathCause == nil, actorCount > 0 {
            failures.ended(record, cause, actorCount: actorCount, now: now)
        }
        ended(incarnations + known.filter { !incarnations.contains($0) }, cause, now: now)
        act(.processEnded(process))
    }

    /// Incarnations have ended by themselves.
    private mutating func ended(_ keys: [ActorKey], _ cause: DeathCause, now: Moment) {
        // First all of them, so that none is placed where another one's room is about to be given back.
        for key in keys where leases[key] != nil { release(key, now: now) }
        for key in keys { incarnationEnded(key, cause, now: now) }
    }

    /// Has the raylet end what it hosts under a lease, if there is any.
    mutating func endLease(_ key: ActorKey, _ cause: DeathCause) {
        guard let lease = leases[key], lease.state != .ending else { return }
        leases.end(key, cause)
        act(.send(.end(key, cause), to: lease.node))
    }

    /// An incarnation is gone: what it held goes to those who wait for it.
    mutating func release(_ key: ActorKey, now: Moment) {
        guard let lease = leases.remove(key) else { return }
        if lease.isReserved { resume(scheduler.release(lease.demand, on: lease.node)) }
        released(key, now: now)
    }

    private mutating func released(_ key: ActorKey, now: Moment) {
        act(.released(key))
        if awaitingRelease.remove(key) != nil { place(key.id, now: now) }
    }

    // MARK: Nodes

    /// A raylet registers, for the first time or after it lost its link.
    ///
    /// It is told to end what it hosts without a lease. What it does not host and has a lease says nothing: the list
    /// may be older than the answer by which the lease came to be held. If it is lost, the raylet's report of that is
    /// on its way, and the answers to instructions are too.
    package mutating func nodeJoined(_ node: NodeRegistration, now: Moment) -> NodeAdmission {
        let outcome = membership.joined(node.id, on: machine(of: node), now: now)
        noteDoubt(now: now)
        if outcome != .fenced {
            for program in node.programs {
                programs.stored(program, at: ProgramSource(node: node.id, raylet: node.raylet))
            }
        }
        switch outcome {
        case .fenced: return .fenced
        case .again: returned(node, now: now)
        case .new:
            enter(node)
            resume(
                scheduler.nodeJoined(
                    node.id,
                    labels: node.labels,
                    total: node.resources,
                    address: node.address
                )
            )
            placeNodeless(now: now)
        }
        return .accepted
    }

    mutating func endStrays(on node: NodeRegistration) {
        for key in node.hosted where leases[key] == nil {
            leases.insert(key, Lease(node: node.id, demand: [:], isReserved: false))
            endLease(key, .fenced)
        }
    }

    /// The link to a raylet closed.
    package mutating func linkLost(_ node: NodeID, now: Moment) {
        if membership.linkLost(node, now: now) { act(.probe(node)) }
    }

    /// Somebody else may reach a suspect node.
    package mutating func spare(_ node: NodeID, now: Moment) { membership.spare(node, now: now) }

    /// Nobody answered at a suspect node.
    package mutating func probeFailed(_ node: NodeID, now: Moment) {
        if membership.probeFailed(node, now: now) { removed(node, now: now) }
    }

    /// A node is declared dead: what it hosts is fenced, and goes on elsewhere by its policy.
    package mutating func nodeDied(_ node: NodeID, now: Moment) {
        if membership.declareDead(node, now: now) { removed(node, now: now) }
    }

    /// A node has ended its workers and leaves.
    package mutating func nodeLeft(_ node: NodeID, now: Moment) {
        if membership.declareDead(node, now: now) { removed(node, isFailure: false, now: now) }
    }

    private mutating func removed(_ node: NodeID, isFailure: Bool = true, now: Moment) {
        programs.nodeLeft(node)
        let address = scheduler.address(of: node)
        let changes = scheduler.nodeLeft(node)
        let (processes, incarnations) = directory.nodeLeft(node)
        if isFailure {
            failures.died(node, at: address ?? "", actorCount: incarnations.count, now: now)
            act(
                .died(
                    node,
                    address: address ?? "",
                    processes: Array(processes),
                    actorCount: incarnations.count
                )
            )
        }
        nodes[node] = nil
        drains[node] = nil
        awaitedNodes.remove(node)
        for key in leases.keys(on: node) {
            _ = leases.remove(key)
            released(key, now: now)
        }
        if !processes.isEmpty {
            feed.append(.processesLost(processes))
            act(.news)
        }
        for process in processes { act(.processEnded(process)) }
        for process in processes where directory.job(process)?.hasEnded == false {
            jobEnded(process, now: now)
        }
        noteDoubt(now: now)
        for failed in changes.failed { placementFailed(failed, now: now) }
        resume(changes.placed)
        for key in incarnations { incarnationEnded(key, .nodeDied(node), now: now) }
    }
}
