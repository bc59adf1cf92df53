package import MantaCore

/// Which worker process of a job hosts which actor, and how many workers there are.
///
/// A worker goes `starting → idle → shared | dedicated → gone`. Shared workers host many actors; a dedicated
/// one hosts a single actor and ends with it. A few idle ones are kept ready, because a process takes
/// milliseconds to start and an actor microseconds. Once the job has ended, workers that host nothing are retired.
///
/// Pure state: requests and processes' events go in, and the owner carries out the actions that come back.
package struct WorkerPool {
    /// What an actor needs of its worker.
    package enum Need: Hashable, Sendable {
        /// Room in a shared worker.
        case shared
        /// A worker of its own.
        case dedicated
        /// A worker of its own, started for it alone: it has its own environment.
        case fresh
    }

    package enum Action: Hashable, Sendable {
        /// Start a process; `actor` is whom it is for, `nil` for one that will be idle.
        case start(for: ActorID?)
        /// Create the actor in the worker.
        case assign(ActorID, ProcessID)
        /// The actor cannot have a worker: one that was started for it ended at once.
        case refuse(ActorID, DeathCause)
        /// End a worker that hosts nothing any more.
        case retire(ProcessID)
    }

    private enum Role {
        case starting(for: ActorID?)
        case idle
        case shared(actorCount: Int)
        case dedicated(ActorID)
        /// It is to end, and hosts nobody.
        case retiring
    }

    private let sharedLimit: Int
    private let idleTarget: Int
    private let startingLimit: Int
    /// In the order in which they were started, so that choices are repeatable.
    private var workers: [(id: ProcessID, role: Role)] = []
    private var homes: [ActorID: ProcessID] = [:]
    private var residents: [ProcessID: Set<ActorID>] = [:]
    private var queue: [(actor: ActorID, need: Need)] = []
    /// Starts that the owner has been asked for and has not yet named.
    private var unnamedStarts: [ActorID?] = []
    /// After a worker that ended while it started, none is started for the future until one succeeds.
    private var isStartingFailing = false
    private var hasEnded = false

    /// - Parameters:
    ///   - sharedLimit: How many shared workers to have before actors share.
    ///   - idleTarget: How many idle workers to keep ready.
    ///   - startingLimit: How many processes may be starting at once.
    package init(sharedLimit: Int, idleTarget: Int, startingLimit: Int = 8) {
        self.sharedLimit = max(1, sharedLimit)
        self.idleTarget = max(0, idleTarget)
        self.startingLimit = max(1, startingLimit)
    }

    package var workerCount: Int { workers.count }
    package var waitingCount: Int { queue.count }
    /// Whether there is nothing in it, and nothing to come.
    package var isEmpty: Bool { workers.isEmpty && queue.isEmpty && unnamedStarts.isEmpty }
    package func home(of actor: ActorID) -> ProcessID? { homes[actor] }

    /// The worker that `actor` has to itself, which ends with it.
    package func dedicatedWorker(of actor: ActorID) -> ProcessID? {
        guard let home = homes[actor], case .dedicated? = role(of: home) else { return nil }
        return home
    }

    package func actors(in worker: ProcessID) -> [ActorID] {
        (residents[worker] ?? []).sorted { $0.serial < $1.serial }
    }

    package func actorCount(in worker: ProcessID) -> Int { residents[worker]?.count ?? 0 }

    /// The actor in a worker that has just one.
    package func soleActor(in worker: ProcessID) -> ActorID? {
        residents[worker].flatMap { $0.count == 1 ? $0.first : nil }
    }

    /// Starts the first idle workers.
    package mutating func begin() -> [Action] { decide() }

    /// Asks for a worker.
    package mutating func request(_ actor: ActorID, _ need: Need) -> [Action] {
        queue.append((actor, need))
        return decide()
    }

    /// Its job has ended: there may be actors that outlive it, but nothing is kept ready for others.
    package mutating func end() -> [Action] {
        hasEnded = true
        return decide()
    }

    /// Takes back a request that has not been granted.
    package mutating func withdraw(_ actor: ActorID) { queue.removeAll { $0.actor == actor } }

    /// Names the process of the oldest `start` that has none.
    package mutating func started(_ worker: ProcessID) {
        guard !unnamedStarts.isEmpty else { preconditionFailure("\(worker) was started unasked") }
        workers.append((worker, .starting(for: unnamedStarts.removeFirst())))
    }

    /// The oldest `start` could not be carried out.
    package mutating func startFailed(_ cause: DeathCause) -> [Action] {
        guard !unnamedStarts.isEmpty else { preconditionFailure("no start was asked for") }
        return failed(start: unnamedStarts.removeFirst(), cause)
    }

    package mutating func ready(_ worker: ProcessID) -> [Action] {
        guard let index = index(of: worker), case .starting(let actor) = workers[index].role else {
            return []
        }
        isStartingFailing = false
        workers[index].role = .idle
        if let actor, let place = queue.firstIndex(where: { $0.actor == actor }) {
            queue.remove(at: place)
            return [host(actor, at: index, .dedicated(actor))] + decide()
        }
        if actor != nil {
            // The actor was withdrawn meanwhile. The worker has its environment, so it is of no use to
            // others.
            workers[index].role = .retiring
            return [.retire(worker)] + decide()
        }
        return decide()
    }

    /// A process has ended. What its actors held is the owner's to give back.
    package mutating func left(_ worker: ProcessID, _ cause: DeathCause) -> [Action] {
        guard let index = index(of: worker) else { return [] }
        let role = workers.remove(at: index).role
        for actor in residents.removeValue(forKey: worker) ?? [] { homes[actor] = nil }
        if case .starting(let actor) = role { return failed(start: actor, cause) }
        return decide()
    }

    /// An actor has ended, or could not be created.
    package mutating func ended(_ actor: ActorID) -> [Action] {
        withdraw(actor)
        guard let worker = homes.removeValue(forKey: actor) else { return retirements() }
        residents[worker]?.remove(actor)
        guard let index = index(of: worker) else { return [] }
        switch workers[index].role {
        case .shared(let count): workers[index].role = .shared(actorCount: count - 1)
        case .dedicated:
            workers[index].role = .retiring
            return [.retire(worker)]
        case .starting, .idle, .retiring: break
        }
        return retirements()
    }

    // MARK: Choices

    private mutating func decide() -> [Action] {
        var actions: [Action] = []
        var unmet: [(actor: ActorID, need: Need)] = []
        for request in queue {
            if let action = grant(request.actor, request.need) {
                actions.append(action)
            } else {
                unmet.append(request)
            }
        }
        queue = unmet
        return actions + starts() + retirements()
    }

    /// The end of workers that nobody will need any more.
    private mutating func retirements() -> [Action] {
        guard hasEnded, !queue.contains(where: { $0.need != .fresh }) else { return [] }
        return workers.indices.compactMap { index in
            switch workers[index].role {
            case .starting(for: nil), .idle, .shared(actorCount: 0): break
            case .starting, .shared, .dedicated, .retiring: return nil
            }
            workers[index].role = .retiring
            return .retire(workers[index].id)
        }
    }

    private mutating func grant(_ actor: ActorID, _ need: Need) -> Action? {
        switch need {
        case .fresh: return nil
        case .dedicated: return idle.map { host(actor, at: $0, .dedicated(actor)) }
        case .shared:
            if sharedCount < sharedLimit {
                if let idle { return host(actor, at: idle, .shared(actorCount: 1)) }
                // Else the first worker to get ready would be given all actors of a program that starts.
                if isSpareStarting { return nil }
            }
            guard let index = leastLoaded, case .shared(let count) = workers[index].role else { return nil }
            return host(actor, at: index, .shared(actorCount: count + 1))
        }
    }

    private mutating func host(_ actor: ActorID, at index: Int, _ role: Role) -> Action {
        workers[index].role = role
        homes[actor] = workers[index].id
        residents[workers[index].id, default: []].insert(actor)
        return .assign(actor, workers[index].id)
    }

    /// The processes to start: one for each request that has to have its own, then enough to be idle.
    private mutating func starts() -> [Action] {
        var actions: [Action] = []
        let named = workers.map { worker -> ActorID?? in
            if case .starting(let actor) = worker.role { .some(actor) } else { .none }
        }
        var underWay = named.compactMap { $0 } + unnamedStarts
        let fresh = queue.filter { $0.need == .fresh && !underWay.contains($0.actor) }.map(\.actor)
        let waiting = queue.count { $0.need != .fresh }
        let spare = idleCount + underWay.count { $0 == nil }
        let wanted = isStartingFailing || hasEnded ? waiting : waiting + idleTarget
        let starts = fresh.map { Optional($0) } + Array(repeating: nil, count: max(0, wanted - spare))
        for actor in starts where underWay.count < startingLimit {
            underWay.append(actor)
            unnamedStarts.append(actor)
            actions.append(.start(for: actor))
        }
        return actions
    }

    /// Without this, a program that ends before it enters the worker role would be started for ever.
    private mutating func failed(start actor: ActorID?, _ cause: DeathCause) -> [Action] {
        isStartingFailing = true
        // A start for nobody was for the oldest request that has no start of its own.
        let place = queue.firstIndex { request in
            if let actor { request.actor == actor } else { request.need != .fresh }
        }
        guard let place else { return decide() }
        return [.refuse(queue.remove(at: place).actor, cause)] + decide()
    }

    private func index(of worker: ProcessID) -> Int? { workers.firstIndex { $0.id == worker } }
    private func role(of worker: ProcessID) -> Role? { index(of: worker).map { workers[$0].role } }

    /// Whether a worker is getting ready that is for nobody in particular.
    private var isSpareStarting: Bool {
        workers.contains { worker in
            if case .starting(for: nil) = worker.role { true } else { false }
        }
    }

    private var idle: Int? {
        workers.firstIndex { worker in
            if case .idle = worker.role { true } else { false }
        }
    }

    private var idleCount: Int {
        workers.count { worker in
            if case .idle = worker.role { true } else { false }
        }
    }

    private var sharedCount: Int {
        workers.count { worker in
            if case .shared = worker.role { true } else { false }
        }
    }

    private var leastLoaded: Int? {
        var best: (index: Int, count: Int)?
        for (index, worker) in workers.enumerated() {
            if case .shared(let count) = worker.role, count < best?.count ?? .max { best = (index, count) }
        }
        return best?.index
    }
}
