import MantaCore

extension Directory {
    /// How many actors there are of each state.
    package struct ActorCounts: Hashable, Sendable, Codable {
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
        /// By number, which takes half the room of an identifier: all are of one cluster.
        private var records: [UInt64: Boxed<ActorRecord>] = [:]
        /// The last that was entered: see `share(_:)`.
        private var lastSpec: ActorSpec?
        /// Those that are not dead.
        private var numbers: [QualifiedName: UInt64] = [:]
        private var onNode = Groups<NodeID, UInt64>()
        private var inProcess = Groups<ProcessID, UInt64>()
        private var ofOwner = Groups<ActorOwner, UInt64>()
        private var dead: History<ActorID>
        /// Of the last requests.
        private(set) var recent = RecentRequests()
        private(set) var counts = ActorCounts()
        private(set) var changes: ChangeSet<ActorID>

        init(deadLimit: Int, isStored: Bool = false) {
            dead = History(limit: deadLimit)
            changes = ChangeSet(isKept: isStored)
        }

        subscript(id: ActorID) -> ActorRecord? {
            records[id.number].flatMap { $0.value.id == id ? $0.value : nil }
        }

        var all: some Sequence<ActorRecord> { records.values.lazy.map(\.value) }

        func find(name: QualifiedName) -> ActorRecord? { numbers[name].flatMap { records[$0]?.value } }

        func ids(on node: NodeID) -> [ActorID] { ids(onNode[node]) }
        func ids(in process: ProcessID) -> [ActorID] { ids(inProcess[process]) }
        func ids(of owner: ActorOwner) -> [ActorID] { ids(ofOwner[owner]) }

        private func ids(_ numbers: Set<UInt64>) -> [ActorID] {
            numbers.compactMap { records[$0]?.value.id }.sorted { $0.serial < $1.serial }
        }

        mutating func insert(_ spec: ActorSpec, owner: ActorOwner?, job: ProcessID?, request: UInt64 = 0) {
            precondition(records[spec.id.number] == nil, "\(spec.id) is registered already")
            records[spec.id.number] = Boxed(
                ActorRecord(spec: share(spec), owner: owner, job: job, request: request)
            )
            recent.insert(request, spec.id)
            if let name = spec.options.qualifiedName { numbers[name] = spec.id.number }
            if let owner { ofOwner.insert(spec.id.number, into: owner) }
            counts.pending += 1
            changes.insert(spec.id)
        }

        /// Actors are often spawned by the thousand: what one has in common with the last is kept once for both.
        private mutating func share(_ spec: ActorSpec) -> ActorSpec {
            var shared = spec
            if let last = lastSpec {
                if last.mangledTypeName == spec.mangledTypeName {
                    shared.mangledTypeName = last.mangledTypeName
                }
                if last.typeName == spec.typeName { shared.typeName = last.typeName }
                if last.arguments == spec.arguments { shared.arguments = last.arguments }
                if last.options.namespace == spec.options.namespace {
                    shared.options.namespace = last.options.namespace
                }
                if last.options.resources == spec.options.resources {
                    shared.options.resources = last.options.resources
                }
                if last.options.placement == spec.options.placement {
                    shared.options.placement = last.options.placement
                }
                if last.options.environment == spec.options.environment {
                    shared.options.environment = last.options.environment
                }
            }
            lastSpec = shared
            return shared
        }

        mutating func place(_ id: ActorID, on node: NodeID) {
            precondition(records[id.number]?.value.isUnplaced == true, "\(id) has a place already")
            records[id.number]?.value.node = node
            onNode.insert(id.number, into: node)
            changes.insert(id)
        }

        mutating func start(_ id: ActorID, at location: ActorLocation, operatingSystemID: Int32, now: Moment)
        {
            switch records[id.number]?.value.state {
            case .pending: counts.pending -= 1
            case .restarting: counts.restarting -= 1
            default:
                preconditionFailure("\(id) cannot start: it is \(String(describing: self[id]?.state))")
            }
            records[id.number]?.value.start(at: location, operatingSystemID: operatingSystemID, now: now)
            inProcess.insert(id.number, into: location.process)
            counts.alive += 1
            changes.insert(id)
        }

        /// Raises the epoch of an actor whose incarnation has ended, and which is to have another.
        mutating func restart(_ id: ActorID, _ cause: DeathCause) {
            guard var record = self[id] else { preconditionFailure("\(id) is not known") }
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
            records[id.number]?.value = record
            counts.restarting += 1
            changes.insert(id)
        }

        /// - Returns: The record if this ended it, `nil` if it was dead or is not known.
        mutating func end(_ id: ActorID, _ cause: DeathCause) -> ActorRecord? {
            guard var record = self[id] else { return nil }
            switch record.state {
            case .pending: counts.pending -= 1
            case .alive: counts.alive -= 1
            case .restarting: counts.restarting -= 1
            case .dead: return nil
            }
            if let name = record.spec.options.qualifiedName { numbers[name] = nil }
            if let owner = record.owner { ofOwner.remove(id.number, from: owner) }
            let node = record.node
            leavePlace(&record)
            record.node = node
            record.state = .dead(cause)
            record.lifecycle.append(.terminated(cause))
            // They can be large, and nothing is built from them any more.
            record.spec.arguments = []
            record.spec.options.environment = [:]
            record.deathNumber = dead.count + 1
            records[id.number]?.value = record
            counts.dead += 1
            changes.insert(id)
            buried(id)
            return record
        }

        /// One more is dead: the oldest of the dead may have to make room.
        private mutating func buried(_ id: ActorID) {
            guard let forgotten = dead.append(id) else { return }
            records[forgotten.number] = nil
            counts.dead -= 1
            changes.insert(forgotten)
        }

        mutating func update(_ id: ActorID, _ change: (inout ActorRecord) -> Void) {
            guard var record = self[id] else { return }
            change(&record)
            records[id.number]?.value = record
            changes.insert(id)
        }

        mutating func takeChanges() -> [DirectoryChanges.Change<ActorID, Boxed<ActorRecord>>] {
            changes.take().map { DirectoryChanges.Change(id: $0, value: records[$0.number]) }
        }

        // MARK: Restoring

        /// Enters the records of an earlier life.
        ///
        /// - Throws: When two that are not dead have one name, or one identifier.
        mutating func restore(_ restored: [ActorRecord]) throws(ClusterError) {
            records.reserveCapacity(restored.count)
            var dead: [(id: ActorID, number: UInt64)] = []
            for record in restored {
                let id = record.id
                var record = record
                record.spec = share(record.spec)
                guard records.updateValue(Boxed(record), forKey: id.number) == nil else {
                    throw .contradiction("it has \(id) twice")
                }
                switch record.state {
                case .pending: counts.pending += 1
                case .alive: counts.alive += 1
                case .restarting: counts.restarting += 1
                case .dead:
                    counts.dead += 1
                    dead.append((id, record.deathNumber ?? 0))
                    continue
                }
                if let name = record.spec.options.qualifiedName,
                    let holder = numbers.updateValue(id.number, forKey: name)
                {
                    throw .contradiction("actor-\(holder) and \(id) have the name \(name)")
                }
                if let owner = record.owner { ofOwner.insert(id.number, into: owner) }
                if let node = record.node { onNode.insert(id.number, into: node) }
                if let process = record.location?.process { inProcess.insert(id.number, into: process) }
            }
            for record in restored.sorted(by: { $0.id.serial < $1.id.serial }).suffix(RecentRequests.limit) {
                recent.insert(record.request, record.id)
            }
            dead.sort { $0.number < $1.number }
            for (id, _) in dead { buried(id) }
            self.dead.restoreCount(dead.last?.number ?? 0)
        }

        private mutating func leavePlace(_ record: inout ActorRecord) {
            if let node = record.node { onNode.remove(record.id.number, from: node) }
            if let process = record.location?.process { inProcess.remove(record.id.number, from: process) }
            record.node = nil
            record.location = nil
            record.aliveSince = nil
            if record.moving != nil { (record.moving, record.stopLimit) = (nil, nil) }
        }
    }
}
