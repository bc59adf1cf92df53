import MantaCore

extension Directory {
    /// The jobs by their drivers.
    ///
    /// A job is kept while its driver lives or an actor that is built from its program does; of those that are only listed,
    /// the newest are known.
    struct JobTable: Sendable {
        private var records: [ProcessID: JobRecord] = [:]
        /// Those that are not kept, in the order in which that came.
        private var listed: History<ProcessID>
        private(set) var changes: ChangeSet<ProcessID>

        init(listedLimit: Int, isStored: Bool = false) {
            listed = History(limit: listedLimit)
            changes = ChangeSet(isKept: isStored)
        }

        subscript(job: ProcessID) -> JobRecord? { records[job] }

        var all: some Collection<JobRecord> { records.values }

        /// A driver has joined. One that says so again changes nothing.
        mutating func start(_ spec: JobSpec) {
            guard records[spec.id] == nil else { return }
            records[spec.id] = JobRecord(spec: spec)
            changes.insert(spec.id)
        }

        /// Its driver has ended; the first time counts.
        mutating func end(_ job: ProcessID, at time: Double) {
            guard records[job]?.hasEnded == false else { return }
            records[job]?.endTime = time
            changes.insert(job)
            listIfDone(job)
        }

        /// An actor was registered that is built from the program of a job, which is not only listed. One of a job that was
        /// never entered is not counted.
        mutating func actorRegistered(of job: ProcessID) { records[job]?.liveActorCount += 1 }

        mutating func actorDied(of job: ProcessID) {
            guard let record = records[job] else { return }
            precondition(record.liveActorCount > 0, "more actors of \(job) have died than there were")
            records[job]?.liveActorCount -= 1
            listIfDone(job)
        }

        private mutating func listIfDone(_ job: ProcessID) {
            guard records[job]?.isKept == false else { return }
            records[job]?.spec.environment = [:]
            records[job]?.listedNumber = listed.count + 1
            changes.insert(job)
            list(job)
        }

        /// One more is only listed: the oldest of them may have to make room.
        private mutating func list(_ job: ProcessID) {
            guard let forgotten = listed.append(job) else { return }
            records[forgotten] = nil
            changes.insert(forgotten)
        }

        // MARK: Storing

        mutating func takeChanges() -> [DirectoryChanges.Change<ProcessID, StoredJob>] {
            changes.take().map { DirectoryChanges.Change(id: $0, value: records[$0].map { StoredJob($0) }) }
        }

        /// Enters the records of an earlier life, in which these actors were not dead.
        mutating func restore(_ stored: [StoredJob], live: some Sequence<ActorRecord>) throws(ClusterError) {
            for job in stored {
                guard records.updateValue(job.record, forKey: job.spec.id) == nil else {
                    throw .contradiction("it has the job of \(job.spec.id) twice")
                }
            }
            for actor in live { actorRegistered(of: actor.spec.job) }
            let done = stored.filter { $0.listedNumber != nil }
                .sorted { ($0.listedNumber ?? 0) < ($1.listedNumber ?? 0) }
            for job in done { list(job.spec.id) }
            listed.restoreCount(done.last?.listedNumber ?? 0)
        }
    }
}
