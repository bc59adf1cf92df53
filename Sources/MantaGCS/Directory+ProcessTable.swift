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
        private(set) var counts = ProcessCounts()

        init(deadLimit: Int) { dead = History(limit: deadLimit) }

        subscript(id: ProcessID) -> ProcessRecord? { records[id] }

        func ids(on node: NodeID) -> [ProcessID] { idsOnNode[node].sorted { $0.rawValue < $1.rawValue } }

        mutating func insert(_ record: ProcessRecord) {
            precondition(records[record.id] == nil, "\(record.id) has joined already")
            records[record.id] = record
            records[record.id]?.deathCause = nil
            idsOnNode.insert(record.id, into: record.node)
            counts.alive += 1
        }

        /// - Returns: Whether this ended it.
        mutating func end(_ id: ProcessID, _ cause: DeathCause) -> Bool {
            guard let record = records[id], record.deathCause == nil else { return false }
            records[id]?.deathCause = cause
            idsOnNode.remove(id, from: record.node)
            counts.alive -= 1
            counts.dead += 1
            if let forgotten = dead.append(id) {
                records[forgotten] = nil
                counts.dead -= 1
            }
            return true
        }
    }
}
