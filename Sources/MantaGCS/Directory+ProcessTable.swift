import MantaCore

extension Directory {
    /// How many processes there are of each state.
    package struct ProcessCounts: Hashable, Sendable {
        package var alive: Int
        /// Those that are still known.
        package var dead: Int

        package init(alive: Int = 0, dead: Int = 0) {
            self.alive = alive
            self.dead = dead
        }
    }

    /// The process records, with the ways to find them: by id and by node.
    struct ProcessTable: Sendable {
        private var records: [ProcessID: ProcessRecord] = [:]
        private var idsOnNode = Groups<NodeID, ProcessID>()
        private var dead: History<ProcessID>
        /// How many had died when each of the dead had.
        private var deathNumbers: [ProcessID: UInt64] = [:]
        private(set) var counts = ProcessCounts()
        private(set) var changes: ChangeSet<ProcessID>

        init(deadLimit: Int, isStored: Bool = false) {
            dead = History(limit: deadLimit)
            changes = ChangeSet(isKept: isStored)
        }

        subscript(id: ProcessID) -> ProcessRecord? { records[id] }

        /// Those that live, in no order.
        var alive: [ProcessRecord] { records.values.filter { $0.deathCause == nil } }

        func ids(on node: NodeID) -> [ProcessID] { idsOnNode[node].sorted { $0.rawValue < $1.rawValue } }

        mutating func insert(_ record: ProcessRecord) {
            precondition(records[record.id] == nil, "\(record.id) has joined already")
            records[record.id] = record
            records[record.id]?.deathCause = nil
            idsOnNode.insert(record.id, into: record.node)
            counts.alive += 1
            changes.insert(record.id)
        }

        /// - Returns: Whether this ended it.
        mutating func end(_ id: ProcessID, _ cause: DeathCause) -> Bool {
            guard let record = records[id], record.deathCause == nil else { return false }
            records[id]?.deathCause = cause
            idsOnNode.remove(id, from: record.node)
            counts.alive -= 1
            counts.dead += 1
            changes.insert(id)
            buried(id, number: dead.count + 1)
            return true
        }

        /// One more is dead: the oldest of the dead may have to make room.
        private mutating func buried(_ id: ProcessID, number: UInt64) {
            deathNumbers[id] = number
            guard let forgotten = dead.append(id) else { return }
            records[forgotten] = nil
            deathNumbers[forgotten] = nil
            counts.dead -= 1
            changes.insert(forgotten)
        }

        /// Takes a live process out without a trace: it is replaced.
        mutating func remove(_ id: ProcessID) {
            guard let record = records[id], record.deathCause == nil else { return }
            records[id] = nil
            idsOnNode.remove(id, from: record.node)
            counts.alive -= 1
            changes.insert(id)
        }

        mutating func takeChanges() -> [DirectoryChanges.Change<ProcessID, StoredProcess>] {
            changes.take().map { id in
                let stored = records[id].map { StoredProcess(record: $0, deathNumber: deathNumbers[id]) }
                return DirectoryChanges.Change(id: id, value: stored)
            }
        }

        /// Enters the records of an earlier life.
        mutating func restore(_ restored: [StoredProcess]) throws(ClusterError) {
            for stored in restored {
                let record = stored.record
                guard records.updateValue(record, forKey: record.id) == nil else {
                    throw .contradiction("it has \(record.id) twice")
                }
                if record.deathCause == nil {
                    idsOnNode.insert(record.id, into: record.node)
                    counts.alive += 1
                } else {
                    counts.dead += 1
                }
            }
            let dead = restored.filter { $0.record.deathCause != nil }
                .sorted { ($0.deathNumber ?? 0) < ($1.deathNumber ?? 0) }
            for stored in dead { buried(stored.record.id, number: stored.deathNumber ?? 0) }
            self.dead.restoreCount(dead.last?.deathNumber ?? 0)
        }
    }
}
