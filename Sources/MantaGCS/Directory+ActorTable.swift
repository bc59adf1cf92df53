import MantaCore

extension Directory {
    /// How many actors there are of each state.
    package struct ActorCounts: Hashable, Sendable {
        package var pending: Int
        package var alive: Int
        /// Those that are still listed.
        package var dead: Int

        package init(pending: Int = 0, alive: Int = 0, dead: Int = 0) {
            self.pending = pending
            self.alive = alive
            self.dead = dead
        }
    }

    /// The actor records, with the ways to find them: by id, name, node and process.
    struct ActorTable: Sendable {
        private var records: [ActorID: ActorRecord] = [:]
        /// Those that are not dead.
        private var ids: [String: ActorID] = [:]
        private var idsOnNode = Groups<NodeID, ActorID>()
        private var idsInProcess = Groups<ProcessID, ActorID>()
        private var dead: History<ActorID>
        private(set) var counts = ActorCounts()

        init(deadLimit: Int) { dead = History(limit: deadLimit) }

        subscript(id: ActorID) -> ActorRecord? { records[id] }

        var all: some Collection<ActorRecord> { records.values }

        func find(name: String) -> ActorRecord? { ids[name].flatMap { records[$0] } }

        func ids(on node: NodeID) -> [ActorID] {
            idsOnNode[node].sorted { $0.serial < $1.serial }
        }

        func ids(in process: ProcessID) -> [ActorID] {
            idsInProcess[process].sorted { $0.serial < $1.serial }
        }

        mutating func insert(_ spec: ActorSpec) {
            precondition(records[spec.id] == nil, "\(spec.id) is registered already")
            records[spec.id] = ActorRecord(spec: spec)
            if let name = spec.options.name { ids[name] = spec.id }
            counts.pending += 1
        }

        mutating func place(_ id: ActorID, on node: NodeID) {
            let record = records[id]
            precondition(record?.state == .pending && record?.node == nil, "\(id) has a place already")
            records[id]?.node = node
            idsOnNode.insert(id, into: node)
        }

        mutating func start(_ id: ActorID, at location: ActorLocation, operatingSystemID: Int32) {
            precondition(records[id]?.state == .pending && records[id]?.node != nil, "\(id) cannot start")
            records[id]?.state = .alive
            records[id]?.location = location
            records[id]?.operatingSystemID = operatingSystemID
            idsInProcess.insert(id, into: location.process)
            counts.pending -= 1
            counts.alive += 1
        }

        /// - Returns: The record if this ended it, `nil` if it was dead or is not known.
        mutating func end(_ id: ActorID, _ cause: DeathCause) -> ActorRecord? {
            guard var record = records[id] else { return nil }
            switch record.state {
            case .pending: counts.pending -= 1
            case .alive: counts.alive -= 1
            case .dead: return nil
            }
            if let name = record.spec.options.name { ids[name] = nil }
            if let node = record.node { idsOnNode.remove(id, from: node) }
            if let process = record.location?.process { idsInProcess.remove(id, from: process) }
            record.state = .dead(cause)
            record.location = nil
            // They can be large, and nothing is built from them any more.
            record.spec.arguments = []
            records[id] = record
            counts.dead += 1
            if let forgotten = dead.append(id) {
                records[forgotten] = nil
                counts.dead -= 1
            }
            return record
        }
    }
}
