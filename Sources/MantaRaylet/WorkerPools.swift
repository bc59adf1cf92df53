package import MantaCore

/// The worker pools of a node, one for each job that has workers here: no process ever serves two jobs.
///
/// A pool begins with the first actor of its job, or when it is told to, and is closed when the job has ended and nothing of
/// it is left. Pure, as ``WorkerPool`` is.
package struct WorkerPools {
    package typealias Need = WorkerPool.Need

    package enum Action: Hashable, Sendable {
        /// Start a process for the job; `actor` is whom it is for, `nil` for one that will be idle.
        case start(ProcessID, for: ActorID?)
        /// Create the actor in the worker.
        case assign(ActorID, ProcessID)
        /// The actor cannot have a worker: one that was started for it ended at once.
        case refuse(ActorID, DeathCause)
        /// End a worker that hosts nothing any more.
        case retire(ProcessID)
        /// The job has ended, and nothing of it is left here.
        case close(job: ProcessID)
    }

    private let sharedLimit: Int
    private let idleTarget: Int
    private let startingLimit: Int
    private var pools: [ProcessID: WorkerPool] = [:]
    private var endedJobs: Set<ProcessID> = []
    /// Of the actors that have a worker, or have asked for one.
    private var jobsOfActors: [ActorID: ProcessID] = [:]
    private var jobsOfWorkers: [ProcessID: ProcessID] = [:]

    /// - Parameters:
    ///   - sharedLimit: How many shared workers a job has before its actors share.
    ///   - idleTarget: How many idle workers to keep ready for each job.
    ///   - startingLimit: How many processes of a job may be starting at once.
    package init(sharedLimit: Int, idleTarget: Int, startingLimit: Int = 8) {
        self.sharedLimit = sharedLimit
        self.idleTarget = idleTarget
        self.startingLimit = startingLimit
    }

    /// Those that have a pool here.
    package var jobs: Set<ProcessID> { Set(pools.keys) }
    package var workerCount: Int { pools.values.reduce(0) { $0 + $1.workerCount } }
    package var waitingCount: Int { pools.values.reduce(0) { $0 + $1.waitingCount } }

    /// The job that a worker was started for.
    package func job(of worker: ProcessID) -> ProcessID? { jobsOfWorkers[worker] }
    package func home(of actor: ActorID) -> ProcessID? { pool(of: actor)?.home(of: actor) }

    /// The worker that `actor` has to itself, which ends with it.
    package func dedicatedWorker(of actor: ActorID) -> ProcessID? {
        pool(of: actor)?.dedicatedWorker(of: actor)
    }

    package func actors(in worker: ProcessID) -> [ActorID] { pool(with: worker)?.actors(in: worker) ?? [] }
    package func actorCount(in worker: ProcessID) -> Int { pool(with: worker)?.actorCount(in: worker) ?? 0 }

    /// The actor in a worker that has just one.
    package func soleActor(in worker: ProcessID) -> ActorID? { pool(with: worker)?.soleActor(in: worker) }

    private func pool(of actor: ActorID) -> WorkerPool? { jobsOfActors[actor].flatMap { pools[$0] } }
    private func pool(with worker: ProcessID) -> WorkerPool? { jobsOfWorkers[worker].flatMap { pools[$0] } }

    // MARK: Jobs

    /// Starts the first idle workers of a job.
    package mutating func begin(_ job: ProcessID) -> [Action] { step(job) { $0.begin() } }

    /// A driver has ended. One of whom nothing is here may be told too.
    package mutating func ended(job: ProcessID) -> [Action] {
        guard pools[job] != nil, endedJobs.insert(job).inserted else { return [] }
        return step(job) { $0.end() }
    }

    // MARK: Actors

    /// Asks for a worker.
    package mutating func request(_ actor: ActorID, _ need: Need, of job: ProcessID) -> [Action] {
        jobsOfActors[actor] = job
        return step(job) { $0.request(actor, need) }
    }

    /// Takes back a request that has not been granted.
    package mutating func withdraw(_ actor: ActorID) -> [Action] {
        guard let job = jobsOfActors[actor], pools[job] != nil else { return [] }
        let hasEnded = endedJobs.contains(job)
        return step(job) { pool in
            pool.withdraw(actor)
            return hasEnded ? pool.end() : []
        }
    }

    /// An actor has ended, or could not be created.
    package mutating func ended(_ actor: ActorID) -> [Action] {
        guard let job = jobsOfActors.removeValue(forKey: actor), pools[job] != nil else { return [] }
        return step(job) { $0.ended(actor) }
    }

    // MARK: Workers

    /// Names the process of the job's oldest `start` that has none.
    package mutating func started(_ worker: ProcessID, for job: ProcessID) {
        jobsOfWorkers[worker] = job
        _ = step(job) { pool in
            pool.started(worker)
            return []
        }
    }

    /// The job's oldest `start` could not be carried out.
    package mutating func startFailed(for job: ProcessID, _ cause: DeathCause) -> [Action] {
        step(job) { $0.startFailed(cause) }
    }

    package mutating func ready(_ worker: ProcessID) -> [Action] {
        guard let job = jobsOfWorkers[worker] else { return [] }
        return step(job) { $0.ready(worker) }
    }

    /// A process has ended. What its actors held is the owner's to give back.
    package mutating func left(_ worker: ProcessID, _ cause: DeathCause) -> [Action] {
        guard let job = jobsOfWorkers.removeValue(forKey: worker) else { return [] }
        return step(job) { $0.left(worker, cause) }
    }

    // MARK: Deciding

    private mutating func step(
        _ job: ProcessID,
        _ decide: (inout WorkerPool) -> [WorkerPool.Action]
    ) -> [Action] {
        // Taken out meanwhile, so that it is not copied.
        var pool =
            pools.removeValue(forKey: job)
            ?? WorkerPool(sharedLimit: sharedLimit, idleTarget: idleTarget, startingLimit: startingLimit)
        var actions = decide(&pool).map { action -> Action in
            switch action {
            case .start(let actor): .start(job, for: actor)
            case .assign(let actor, let worker): .assign(actor, worker)
            case .refuse(let actor, let cause): .refuse(actor, cause)
            case .retire(let worker): .retire(worker)
            }
        }
        if endedJobs.contains(job), pool.isEmpty {
            endedJobs.remove(job)
            actions.append(.close(job: job))
        } else {
            pools[job] = pool
        }
        return actions
    }
}
