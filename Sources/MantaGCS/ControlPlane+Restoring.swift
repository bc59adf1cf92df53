package import MantaCore
internal import MantaScheduling

// A directory that outlives the process in which it is. What is stored is the directory, the membership and the leases that
// are being ended; all other leases follow from the records of actors. Lines of placements, reminders, the feed and who
// waits for what are made anew.
//
// After a restart nodes and drivers have a time, the recovery, to come back. Until then nothing is placed on a node that has
// not, and what fits none of the nodes that are there waits.

/// A node as its raylet described it, without what it hosts.
struct MemberNode: Sendable {
    var registration: NodeRegistration
    /// How many had joined when it had.
    var number: UInt64
    /// Nothing is placed on it any more.
    var isDraining = false
}

extension ControlPlane {
    /// How long nodes and drivers have to come back after a restart.
    package static let recovery = Duration.seconds(10)
    /// Why actors are dead that had not settled when the head ended.
    static let headEnded = DeathCause.initFailed("the head of the cluster ended meanwhile")
    /// How long the word of a raylet on what became of an incarnation may be under way after it has registered again.
    static let reportPatience = Duration.seconds(2)

    /// The control plane of a stored directory; ``resume(in:now:recovery:)`` has it go on.
    ///
    /// - Parameters:
    ///   - stored: What was stored; a new directory to begin with.
    ///   - seed: Of the jitter of restarts.
    ///   - grace: How long a node that has lost its link has to come back.
    ///   - clock: The present.
    /// - Throws: ``ClusterError`` with code `undecodable` when what is stored contradicts itself.
    package init(
        restoring stored: StoredDirectory,
        seed: UInt64,
        grace: Duration = .seconds(3),
        at clock: ClockReading
    ) throws(ClusterError) {
        self.init(
            try Directory(restoring: stored, at: clock),
            Membership(grace: grace, isStored: true),
            // No reader can be so far with the feed of an earlier life.
            feed: Feed(first: stored.identity.epoch << 40),
            seed: seed,
            clockOffset: clock.offset
        )
        restoreNodes(stored)
        try restoreLeases(stored)
    }

    private mutating func restoreNodes(_ stored: StoredDirectory) {
        var dead: [(node: NodeID, number: UInt64)] = []
        for node in stored.nodes.sorted(by: { $0.number < $1.number }) {
            guard let registration = node.registration else {
                dead.append((node.id, node.number))
                continue
            }
            membership.restore(node.id, until: .distantFuture)
            awaitedNodes.insert(node.id)
            nodes[node.id] = MemberNode(
                registration: registration,
                number: node.number,
                isDraining: node.isDraining ?? false
            )
            lastNodeNumber = max(lastNodeNumber, node.number)
            scheduler.restore(
                node.id,
                labels: registration.labels,
                total: registration.resources,
                address: registration.address
            )
            if node.isDraining == true { _ = scheduler.drain(node.id) }
        }
        membership.restore(dead: dead)
    }

    private mutating func restoreLeases(_ stored: StoredDirectory) throws(ClusterError) {
        for (id, endings) in stored.endings {
            for ending in endings {
                let key = ActorKey(id, epoch: ending.epoch)
                try restore(
                    key,
                    Lease(node: ending.node, demand: ending.demand, isReserved: ending.isReserved)
                )
                leases.end(key, ending.cause)
                if let record = directory.actor(id), record.isUnplaced, record.key.epoch == key.epoch + 1 {
                    awaitingRelease.insert(key)
                }
            }
        }
        for record in directory.records where record.deathCause == nil {
            guard let node = record.node else { continue }
            var lease = Lease(node: node, demand: record.spec.options.resources)
            if case .alive = record.state { lease.state = .held }
            try restore(record.key, lease)
        }
        // They are what is stored.
        _ = leases.takeChanges()
    }

    private mutating func restore(_ key: ActorKey, _ lease: Lease) throws(ClusterError) {
        guard membership.isMember(lease.node), leases[key] == nil else {
            throw .contradiction("\(key) is on \(lease.node), which is no member, or is there twice")
        }
        guard !lease.isReserved || scheduler.occupy(lease.demand, on: lease.node) else {
            throw .contradiction("\(key) asks for \(lease.demand), which \(lease.node) does not have left")
        }
        leases.insert(key, lease)
    }

    // MARK: Going on

    /// Begins to serve a directory that has been restored.
    ///
    /// Nodes and drivers that were there have until the end of the recovery to come back. What was hosted by `process`
    /// itself ended with its last life. Spawns that had not settled are given up: whoever asked for them was told that
    /// they may have been carried out, nobody knows their identifiers, and their names are free again.
    ///
    /// - Parameters:
    ///   - process: The process of the GCS.
    ///   - now: The time.
    ///   - recovery: How long nodes and drivers have.
    package mutating func resume(in process: ProcessID, now: Moment, recovery: Duration = recovery) {
        let members = Array(nodes.values).sorted { $0.number < $1.number }
        let pending = directory.actors { if case .pending = $0.state { true } else { false } }
        let isNew = members.isEmpty && directory.actorCounts.live == 0 && directory.drivers.isEmpty
        // It joins again, perhaps with another number of the system.
        directory.replace(process)
        guard !isNew else { return }
        recoveryTime = recovery
        recoveryEnd = now + recovery
        scheduler.awaitNodes()
        for member in members {
            let node = member.registration
            membership.restore(node.id, on: machine(of: node), until: now + recovery)
        }
        awaitedDrivers = Set(directory.drivers)
        for id in pending {
            finish(id, Self.headEnded, .cancelled, now: now)
        }
        for member in members where member.registration.raylet.scope == process.rawValue {
            nodeDied(member.registration.id, now: now)
        }
        let awaited = Set(awaitingRelease.map(\.id))
        for id in directory.actors(where: { $0.isUnplaced }) where !awaited.contains(id) {
            place(id, now: now)
        }
    }

    /// Those that have not come back by now are lost, and what fits no node will not.
    mutating func endRecovery(now: Moment) {
        recoveryEnd = nil
        let lost = awaitedDrivers.sorted { $0.rawValue < $1.rawValue }
        awaitedDrivers = []
        for driver in lost {
            processLeft(driver, .released, incarnations: [], now: now)
            jobEnded(driver, now: now)
        }
        for failed in scheduler.awaitNoNodes() { placementFailed(failed, now: now) }
    }

    /// Where the processes are that were there before the restart.
    package var restoredProcesses: [ProcessRecord] { directory.liveProcesses }

    /// A node has joined.
    mutating func enter(_ node: NodeRegistration) {
        lastNodeNumber += 1
        var registration = node
        registration.hosted = []
        registration.programs = []
        nodes[node.id] = MemberNode(registration: registration, number: lastNodeNumber)
    }

    /// A raylet has registered again. After a restart of the GCS it is sent once more what it has not answered, and has a
    /// moment to report what it does not host any more.
    mutating func returned(_ node: NodeRegistration, now: Moment) {
        unaccounted.subtract(node.hosted)
        guard awaitedNodes.remove(node.id) != nil else { return endStrays(on: node) }
        let hosted = Set(node.hosted)
        for key in leases.keys(on: node.id) {
            if let instruction = openInstruction(for: key) {
                act(.send(instruction, to: node.id))
            } else if !hosted.contains(key) {
                unaccounted.insert(key)
                remind(.account(key), at: now + Self.reportPatience)
            }
        }
        endStrays(on: node)
        resume(scheduler.nodeReturned(node.id))
    }

    /// What the raylet of a lease has to be told, and may have been; `nil` for what just runs.
    private func openInstruction(for key: ActorKey) -> Instruction? {
        guard let lease = leases[key] else { return nil }
        switch lease.state {
        case .ending: return .end(key, leases.cause(of: key) ?? .fenced)
        case .creating:
            guard let record = directory.actor(key.id), record.key == key else { return nil }
            return .create(record.spec)
        case .held:
            guard let record = directory.actor(key.id), let cause = record.stopping ?? record.moving else {
                return nil
            }
            return .stop(key, cause, within: record.stopLimit ?? .zero)
        }
    }

    /// An incarnation that its raylet does not host, and of whose end no word has come. The list that left it out may have
    /// been old, so it is ended there before another one is placed.
    mutating func account(for key: ActorKey, now: Moment) {
        guard unaccounted.remove(key) != nil, leases[key]?.state == .held else { return }
        incarnationEnded(key, .released, now: now, isGone: false)
    }

    // MARK: Storing

    /// Whether there is something to store.
    package var hasChanges: Bool {
        isStored && (directory.hasChanges || !leases.changes.isEmpty || !membership.changes.isEmpty)
    }

    /// What has to be stored since the last time, so that the directory is there again after a restart.
    package mutating func takeChanges(at clock: ClockReading) -> DirectoryChanges {
        var changes = DirectoryChanges(clock: clock, cluster: directory.cluster)
        directory.takeChanges(into: &changes)
        changes.nodes = membership.takeChanges().map { id in
            if let number = membership.deathNumber(of: id) {
                return DirectoryChanges.Change(id: id, value: StoredNode(id: id, number: number))
            }
            let stored = nodes[id].map {
                StoredNode(
                    id: id,
                    registration: $0.registration,
                    number: $0.number,
                    isDraining: $0.isDraining ? true : nil
                )
            }
            return DirectoryChanges.Change(id: id, value: stored)
        }
        changes.endings = leases.takeChanges().map { id in
            let endings = leases.ending(of: id).map { key, lease, cause in
                StoredEnding(
                    epoch: key.epoch,
                    node: lease.node,
                    demand: lease.demand,
                    isReserved: lease.isReserved,
                    cause: cause
                )
            }
            return DirectoryChanges.Change(id: id, value: endings.isEmpty ? nil : endings)
        }
        return changes
    }
}
