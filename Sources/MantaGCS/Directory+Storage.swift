import MantaCore

// What is stored of a directory, and one that is made of that.

extension Directory {
    /// The directory of an earlier life.
    ///
    /// - Parameters:
    ///   - stored: What was stored of it.
    ///   - clock: For the times in it.
    /// - Throws: ``ClusterError`` with code `undecodable` when it contradicts itself.
    init(restoring stored: StoredDirectory, at clock: ClockReading) throws(ClusterError) {
        self.init(cluster: stored.identity.cluster, isStored: true)
        lastActorNumber = stored.counters.lastActorNumber
        storedActorNumber = lastActorNumber
        var records: [ActorRecord] = []
        records.reserveCapacity(stored.actors.count)
        for actor in stored.actors {
            let id = actor.spec.id
            guard id.kind == .spawned, id.scope == cluster, id.serial <= lastActorNumber else {
                throw .contradiction(
                    "\(id) is not from this directory, which has given out \(lastActorNumber)"
                )
            }
            records.append(try actor.record(at: clock))
        }
        try actorTable.restore(records)
        try processTable.restore(stored.processes)
        try jobTable.restore(stored.jobs, live: actorTable.all.filter { $0.deathCause == nil })
    }

    var hasChanges: Bool {
        !actorTable.changes.isEmpty || !processTable.changes.isEmpty || !jobTable.changes.isEmpty
            || lastActorNumber != storedActorNumber
    }

    mutating func takeChanges(into changes: inout DirectoryChanges) {
        changes.actors = actorTable.takeChanges()
        changes.processes = processTable.takeChanges()
        changes.jobs = jobTable.takeChanges()
        guard lastActorNumber != storedActorNumber else { return }
        storedActorNumber = lastActorNumber
        changes.counters = StoredCounters(lastActorNumber: lastActorNumber)
    }

    /// Takes a live process out without a trace, and without telling its actors: another has its place.
    mutating func replace(_ process: ProcessID) { processTable.remove(process) }

    var liveProcesses: [ProcessRecord] { processTable.alive }

    /// The processes that live and are on no node.
    var drivers: [ProcessID] { processTable.ids(on: .none) }

    /// All actors that are not forgotten, in no order.
    var records: some Sequence<ActorRecord> { actorTable.all }

    /// The actors in a state, by number.
    func actors(where isWanted: (ActorRecord) -> Bool) -> [ActorID] {
        var ids: [ActorID] = []
        for record in actorTable.all where isWanted(record) { ids.append(record.id) }
        return ids.sorted { $0.serial < $1.serial }
    }
}
