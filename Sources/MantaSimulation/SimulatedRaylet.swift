import MantaCore
import MantaGCS
import MantaRaylet

/// One life of a raylet: the real `LeaseTable` and `WorkerPools`, and what the actor `Raylet` does around them,
/// with its tasks as states.
///
/// Events go in, and what it does collects in `outputs`.
struct SimulatedRaylet {
    enum Output {
        case answer(call: UInt64, RayletAnswer)
        case request(RayletRequest.Body)
        case start(ProcessID)
        case kill(ProcessID, DeathCause)
        case tell(ProcessID, WorkerEvent)
        /// A task of the raylet goes on when its lane gets to it.
        case soon(RayletEvent)
        case broken(String)
    }

    struct Build {
        enum Phase: Equatable {
            case waitsForWorker
            case assigned(ProcessID)
            case runsInit(ProcessID)
            case waitsForExit(of: ProcessID, wasBegun: Bool)
            case failed(DeathCause)
        }

        var phase = Phase.waitsForWorker
        var attempt = 1
        var isCancelled = false
    }

    let address: RayletAddress
    var node: NodeID
    let total: Resources
    let labels: [String: String]
    var leases: LeaseTable
    var pools: WorkerPools
    var workers: [ProcessID: SimulatedWorker] = [:]
    var builds: [ActorKey: Build] = [:]
    var outputs: [Output] = []
    /// The GCS's calls that wait for a building.
    private var clients: [ActorKey: [UInt64]] = [:]
    /// Its calls that wait until an incarnation is gone.
    private var releaseWaiters: [ActorKey: [UInt64]] = [:]
    /// Its calls that wait for a stop.
    private var stops: [ActorKey: [(call: UInt64, cause: DeathCause)]] = [:]
    /// What is told of a building that was cut short, once it is gone.
    private var told: [ActorKey: CreationAnswer] = [:]
    private var exitWaiters: [ProcessID: [ActorKey]] = [:]
    private var lastEnds: [ProcessID: DeathCause] = [:]
    private var lastWorker: UInt64
    private var random: SplitMix64
    /// The drivers that have ended, as the GCS says when a job's first worker is to start, and the feed later.
    private var endedJobs: Set<ProcessID>
    /// How many starts of a thousand fail at once.
    var startFailures = 0

    init(
        address: RayletAddress,
        node: NodeID,
        total: Resources,
        labels: [String: String],
        sharedLimit: Int,
        idleTarget: Int,
        endedJobs: Set<ProcessID>,
        seed: UInt64
    ) {
        self.address = address
        self.node = node
        self.total = total
        self.labels = labels
        leases = LeaseTable(total: total)
        pools = WorkerPools(sharedLimit: sharedLimit, idleTarget: idleTarget)
        self.endedJobs = endedJobs
        lastWorker = node.rawValue << 24
        random = SplitMix64(seed: seed)
    }

    private static let workerLimit = 3

    var registration: NodeRegistration {
        NodeRegistration(
            id: node,
            address: "\(address.slot)",
            endpoint: .node(NodeAddress(host: SimulatedHead.machine(address.slot), port: 1)),
            resources: total,
            labels: labels,
            raylet: .system(100, process: ProcessID(node.rawValue)),
            hosted: leases.all
        )
    }

    /// Whether all that was begun has ended.
    var isAtRest: Bool {
        builds.isEmpty && clients.isEmpty && releaseWaiters.isEmpty && stops.isEmpty && told.isEmpty
            && exitWaiters.isEmpty && pools.waitingCount == 0
    }

    // MARK: What the GCS has it do

    mutating func create(_ spec: ActorSpec, call: UInt64) {
        switch leases.create(spec) {
        case .answer(let answer):
            if case .refused(let error) = answer {
                outputs.append(.broken("\(node) was sent \(spec.key) and refused it: \(error.message)"))
            }
            outputs.append(.answer(call: call, .creation(answer)))
        case .build:
            clients[spec.key] = [call]
            builds[spec.key] = Build()
            requestWorker(for: spec)
        case .wait: clients[spec.key, default: []].append(call)
        }
    }

    mutating func end(_ key: ActorKey, _ cause: DeathCause, call: UInt64) {
        switch leases.end(key, cause) {
        case .nothing: outputs.append(.answer(call: call, .done))
        case .takeAway:
            releaseWaiters[key, default: []].append(call)
            takeAway(key, cause)
        case .cutShort:
            releaseWaiters[key, default: []].append(call)
            cancelBuild(key)
        case .wait: releaseWaiters[key, default: []].append(call)
        }
    }

    mutating func stop(_ key: ActorKey, _ cause: DeathCause, within limit: Duration, call: UInt64) {
        guard let lease = leases[key], lease.answer != nil, lease.ending == nil,
            let home = pools.home(of: key.id)
        else { return end(key, cause, call: call) }
        if stops[key] == nil { outputs.append(.tell(home, .stop(key, within: limit))) }
        stops[key, default: []].append((call, cause))
    }

    // MARK: Building

    private mutating func requestWorker(for spec: ActorSpec) {
        builds[spec.key]?.phase = .waitsForWorker
        carryOut(pools.request(spec.id, Self.need(of: spec), of: spec.job))
        if endedJobs.contains(spec.job) { carryOut(pools.ended(job: spec.job)) }
        if builds[spec.key]?.isCancelled == true { cancelBuild(spec.key) }
    }

    private static func need(of spec: ActorSpec) -> WorkerPool.Need {
        switch spec.options.isolation {
        case .shared, .thread: .shared
        case .process: spec.options.environment.isEmpty ? .dedicated : .fresh
        }
    }

    private mutating func cancelBuild(_ key: ActorKey) {
        guard var build = builds[key] else { return }
        build.isCancelled = true
        switch build.phase {
        case .waitsForWorker:
            carryOut(pools.withdraw(key.id))
            build.phase = .failed(.killed)
            outputs.append(.soon(.goesOn(key)))
        case .runsInit:
            build.phase = .failed(.killed)
            outputs.append(.soon(.goesOn(key)))
        case .assigned, .waitsForExit, .failed: break
        }
        builds[key] = build
    }

    mutating func assigned(_ key: ActorKey, to worker: ProcessID) {
        guard let build = builds[key], build.phase == .assigned(worker) else { return }
        if build.isCancelled { return finish(key, .ended(leases[key]?.ending ?? .killed)) }
        guard let entry = workers[worker] else { return lost(key, worker, wasBegun: false) }
        if let spec = leases[key]?.spec {
            let isFresh = Self.need(of: spec) == .fresh
            if isFresh ? entry.startedFor != key.id : entry.startedFor != nil {
                outputs.append(.broken("\(key) was given a worker that was started for another"))
            }
            if entry.job != spec.job {
                outputs.append(.broken("\(key), of \(spec.job), was given a worker of \(entry.job)"))
            }
        }
        builds[key]?.phase = .runsInit(worker)
        outputs.append(.tell(worker, .create(key)))
    }

    mutating func created(_ key: ActorKey, in worker: ProcessID) {
        guard let build = builds[key], build.phase == .runsInit(worker) else { return }
        guard workers[worker] != nil else { return lost(key, worker, wasBegun: true) }
        let location = ActorLocation(
            process: worker,
            endpoint: .unix(path: ""),
            lane: 0,
            epoch: key.epoch,
            maxPendingCalls: 1
        )
        finish(key, .created(location, operatingSystemID: 1))
    }

    mutating func initFailed(_ key: ActorKey) {
        guard case .runsInit? = builds[key]?.phase else { return }
        finish(key, .initFailed(.simulated))
    }

    mutating func creationLost(_ key: ActorKey, in worker: ProcessID, wasBegun: Bool) {
        guard builds[key]?.phase == .runsInit(worker) else { return }
        if workers[worker] == nil {
            lost(key, worker, wasBegun: wasBegun)
        } else {
            builds[key]?.phase = .waitsForExit(of: worker, wasBegun: wasBegun)
        }
    }

    /// A task that had to wait a moment goes on.
    mutating func goesOn(_ key: ActorKey) {
        switch builds[key]?.phase {
        case .failed(let cause): finish(key, .ended(leases[key]?.ending ?? cause))
        case .waitsForExit(let worker, let wasBegun): lost(key, worker, wasBegun: wasBegun)
        case nil: release(key)
        case .waitsForWorker, .assigned, .runsInit: break
        }
    }

    private mutating func lost(_ key: ActorKey, _ worker: ProcessID, wasBegun: Bool) {
        guard let build = builds[key], let spec = leases[key]?.spec else { return }
        // Its worker may have died of another actor, before this one was begun.
        if !wasBegun, lastEnds[worker] != nil, build.attempt < Self.workerLimit {
            builds[key]?.attempt += 1
            return requestWorker(for: spec)
        }
        finish(key, .ended(lastEnds[worker] ?? .killed))
    }

    private mutating func finish(_ key: ActorKey, _ answer: CreationAnswer) {
        builds[key] = nil
        switch leases.built(key, answer) {
        case .runs: tellClients(key, answer)
        case .ends:
            let cause = leases[key]?.ending ?? .killed
            if case .created = answer { told[key] = .ended(cause) } else { told[key] = answer }
            takeAway(key, cause)
        }
    }

    private mutating func tellClients(_ key: ActorKey, _ answer: CreationAnswer) {
        for call in clients.removeValue(forKey: key) ?? [] {
            outputs.append(.answer(call: call, .creation(answer)))
        }
    }

    // MARK: Ending

    private mutating func takeAway(_ key: ActorKey, _ cause: DeathCause) {
        guard let home = pools.home(of: key.id) else { return release(key) }
        guard pools.dedicatedWorker(of: key.id) != nil else {
            return outputs.append(.tell(home, .end(key)))
        }
        outputs.append(.kill(home, .crashed(signal: 9, lastOutput: [])))
        exitWaiters[home, default: []].append(key)
    }

    mutating func hostEnded(_ key: ActorKey) { release(key) }

    mutating func hostStopped(_ key: ActorKey) {
        for (call, cause) in stops.removeValue(forKey: key) ?? [] { end(key, cause, call: call) }
    }

    private mutating func release(_ key: ActorKey) {
        guard leases.gone(key) else { return }
        carryOut(pools.ended(key.id))
        for call in releaseWaiters.removeValue(forKey: key) ?? [] {
            outputs.append(.answer(call: call, .done))
        }
        if let answer = told.removeValue(forKey: key) { tellClients(key, answer) }
    }

    // MARK: Workers

    /// A driver has ended.
    mutating func ended(job: ProcessID) {
        endedJobs.insert(job)
        carryOut(pools.ended(job: job))
    }

    /// The first workers are those of the driver that hosts the GCS.
    mutating func begin() { carryOut(pools.begin(Clients.host)) }

    mutating func workerReady(_ worker: ProcessID) {
        guard workers[worker] != nil else { return }
        workers[worker]?.isReady = true
        outputs.append(
            .request(
                .processJoined(
                    ProcessRecord(
                        id: worker,
                        node: node,
                        endpoint: .unix(path: ""),
                        operatingSystemID: 1
                    )
                )
            )
        )
    }

    mutating func workerAccepted(_ worker: ProcessID) { carryOut(pools.ready(worker)) }

    mutating func workerExited(_ worker: ProcessID, _ cause: DeathCause) {
        guard workers.removeValue(forKey: worker) != nil else { return }
        lastEnds[worker] = cause
        let ended = pools.actors(in: worker).compactMap { leases.lease(of: $0) }
            .filter { $0.answer != nil && $0.ending == nil }.map(\.spec.key)
        outputs.append(.request(.processLeft(worker, cause, ended)))
        for key in ended { release(key) }
        for key in exitWaiters.removeValue(forKey: worker) ?? [] { outputs.append(.soon(.goesOn(key))) }
        let waiting = builds.filter {
            if case .waitsForExit(of: worker, _) = $0.value.phase { true } else { false }
        }
        for key in waiting.keys.sorted(by: { $0.id.serial < $1.id.serial }) {
            outputs.append(.soon(.goesOn(key)))
        }
        carryOut(pools.left(worker, cause))
    }

    private mutating func carryOut(_ actions: [WorkerPools.Action]) {
        for action in actions {
            switch action {
            case .start(let job, let actor): start(job, for: actor)
            case .assign(let actor, let worker):
                guard let key = leases.lease(of: actor)?.spec.key, builds[key]?.phase == .waitsForWorker
                else { continue }
                builds[key]?.phase = .assigned(worker)
                outputs.append(.soon(.assigned(key, worker)))
            case .refuse(let actor, let cause):
                guard let key = leases.lease(of: actor)?.spec.key, builds[key]?.phase == .waitsForWorker
                else { continue }
                builds[key]?.phase = .failed(cause)
                outputs.append(.soon(.goesOn(key)))
            case .retire(let worker): outputs.append(.kill(worker, .crashed(signal: 9, lastOutput: [])))
            case .close: break
            }
        }
    }

    private mutating func start(_ job: ProcessID, for actor: ActorID?) {
        if random.chance(perMille: startFailures) {
            return carryOut(pools.startFailed(for: job, .initFailed("no process")))
        }
        lastWorker += 1
        let worker = ProcessID(lastWorker)
        workers[worker] = SimulatedWorker(startedFor: actor, job: job)
        pools.started(worker, for: job)
        outputs.append(.start(worker))
    }
}
