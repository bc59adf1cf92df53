import MantaCore

extension Directory {
    /// How many actors there are of each state.
    package struct ActorCounts: Hashable, Sendable {
        package var pending: Int
        package var alive: Int
        package var restarting: Int
        /// Those that are still listed.
        package var dead: Int

        package init(pending: Int = 0, alive: Int = 0, restarting: Int = 0, dead: Int = 0) {
            self.pending = pending
            self.alive = alive
            self.restarting = restarting
            self.dead = dead
        }

        package var live: Int { pending + alive + restarting }
    }

    /// The actor records, with the ways to find them: by id, name, node, process and owner.
    struct ActorTable: Sendable {
        private var records: [ActorID: ActorRecord] = [:]
        /// Those that are not dead.
        private var ids: [QualifiedName: ActorID] = [:]
        private var idsOnNode = Groups<NodeID, ActorID>()
        private var idsInProcess = Groups<ProcessID, ActorID>()
        private var idsOfOwner = Groups<ActorOwner, ActorID>()
        private var dead: History<ActorID>
        private(set) var counts = ActorCounts()
        private(set) var changes: ChangeSet<ActorID>

        init(deadLimit: Int, isStored: Bool = false) {
            dead = History(limit: deadLimit)
            changes = ChangeSet(isKept: isStored)
        }

        subscript(id: ActorID) -> ActorRecord? { records[id] }

        var all: some Collection<ActorRecord> { records.values }

        func find(name: QualifiedName) -> ActorRecord? { ids[name].flatMap { records[$0] } }

        func ids(on node: NodeID) -> [ActorID] { sorted(idsOnNode[node]) }
        func ids(in process: ProcessID) -> [ActorID] { sorted(idsInProcess[process]) }
        func ids(of owner: ActorOwner) -> [ActorID] { sorted(idsOfOwner[owner]) }

        private func sorted(_ ids: Set<ActorID>) -> [ActorID] { ids.sorted { $0.serial < $1.serial } }

        mutating func insert(_ spec: ActorSpec, owner: ActorOwner?, job: ProcessID?) {
            precondition(records[spec.id] == nil, "\(spec.id) is registered already")
            records[spec.id] = ActorRecord(spec: spec, owner: owner, job: job)
            if let name = spec.options.qualifiedName { ids[name] = spec.id }
            if let owner { idsOfOwner.insert(spec.id, into: owner) }
            counts.pending += 1
            changes.insert(spec.id)
        }

        mutating func place(_ id: ActorID, on node: NodeID) {
            let record = records[id]
            precondition(record?.isUnplaced == true, "\(id) has a place already")
            records[id]?.node = node
            idsOnNode.insert(id, into: node)
            changes.insert(id)
        }

        mutating func start(_ id: ActorID, at location: ActorLocation, operatingSystemID: Int32, now: Moment)
        {
            switch records[id]?.state {
            case .pending: counts.pending -= 1
            case .restarting: counts.restarting -= 1
            default:
                preconditionFailure("\(id) cannot start: it is \(String(describing: records[id]?.state))")
            }
            records[id]?.state = .alive
            records[id]?.location = location
            records[id]?.operatingSystemID = operatingSystemID
            records[id]?.aliveSince = now
            records[id]?.lifecycle.append(.alive(epoch: location.epoch))
            idsInProcess.insert(id, into: location.process)
            counts.alive += 1
            changes.insert(id)
        }

        /// Raises the epoch of an actor whose incarnation has ended, and which is to have another.
        mutating func restart(_ id: ActorID, _ cause: DeathCause) {
            guard var record = records[id] else { preconditionFailure("\(id) is not known") }
            switch record.state {
            case .alive: counts.alive -= 1
            case .restarting: counts.restarting -= 1
            case .pending, .dead: preconditionFailure("\(id) cannot be restarted: it is \(record.state)")
            }
            leavePlace(&record)
            record.state = .restarting(cause)
            record.spec.epoch += 1
            record.restartCount += 1
            record.lifecycle.append(.restarting)
            records[id] = record
            counts.restarting += 1
            changes.insert(id)
        }

        /// - Returns: The record if this ended it, `nil` if it was dead or is not known.
        mutating func end(_ id: ActorID, _ cause: DeathCause) -> ActorRecord? {
            guard var record = records[id] else { return nil }
            switch record.state {
            case .pending: counts.pending -= 1
            case .alive: counts.alive -= 1
            case .restarting: counts.restarting -= 1
            case .dead: return nil
            }
            if let name = record.spec.options.qualifiedName { ids[name] = nil }
            if let owner = record.owner { idsOfOwner.remove(id, from: owner) }
            let node = record.node
            leavePlace(&record)
            record.node = node
            record.state = .dead(cause)
            record.lifecycle.append(.terminated(cause))
            // They can be large, and nothing is built from them any more.
            record.spec.arguments = []
            record.spec.options.environment = [:]
            record.deathNumber = dead.count + 1
            records[id] = record
            counts.dead += 1
            changes.insert(id)
            buried(id)
            return record
        }

        /// One more is dead: the oldest of the dead may have to make room.
        private mutating func buried(_ id: ActorID) {
            guard let forgotten = dead.append(id) else { return }
            records[forgotten] = nil
            counts.dead -= 1
            changes.insert(forgotten)
        }

        mutating func update(_ id: ActorID, _ change: (inout ActorRecord) -> Void) {
            guard var record = records.removeValue(forKey: id) else { return }
            change(&record)
            records[id] = record
            changes.insert(id)
        }

        mutating func takeChanges() -> [DirectoryChanges.Change<ActorID, ActorRecord>] {
            changes.take().map { DirectoryChanges.Change(id: $0, value: records[$0]) }
        }

        // MARK: Restoring

        /// Enters the records of an earlier life.
        ///
        /// - Throws: When two that are not dead have one name, or one identifier.
        mutating func restore(_ restored: [ActorRecord]) throws(ClusterError) {
            records.reserveCapacity(restored.count)
            for record in restored {
                guard records.updateValue(record, forKey: record.id) == nil else {
                    throw .contradiction("it has \(record.id) twice")
                }
                switch record.state {
                case .pending: counts.pending += 1
                case .alive: counts.alive += 1
                case .restarting: counts.restarting += 1
                case .dead:
                    counts.dead += 1
                    continue
                }
                if let name = record.spec.options.qualifiedName,
                    let holder = ids.updateValue(record.id, forKey: name)
                {
                    throw .contradiction("\(holder) and \(record.id) have the name \(name)")
                }
                if let owner = record.owner { idsOfOwner.insert(record.id, into: owner) }
                if let node = record.node { idsOnNode.insert(record.id, into: node) }
                if let process = record.location?.process { idsInProcess.insert(record.id, into: process) }
            }
            let dead = restored.filter { $0.deathCause != nil }
                .sorted { ($0.deathNumber ?? 0) < ($1.deathNumber ?? 0) }
            for record in dead { buried(record.id) }
            self.dead.restoreCount(dead.last?.deathNumber ?? 0)
        }

        private mutating func leavePlace(_ record: inout ActorRecord) {
            if let node = record.node { idsOnNode.remove(record.id, from: node) }
            if let process = record.location?.process { idsInProcess.remove(record.id, from: process) }
            record.node = nil
            record.location = nil
            record.aliveSince = nil
            record.moving = nil
        }
    }
}
