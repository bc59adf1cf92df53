import MantaCore
import MantaRaylet
import MantaTestSupport
import Testing

/// Runs random requests and ends of processes against the pool, and against the plainest model of it: what
/// was asked for, what was answered, and which processes run.
private struct PoolSimulation {
    private enum Worker: Equatable {
        case starting(for: ActorID?)
        case ready
        case retiring

        var isStarting: Bool { if case .starting = self { true } else { false } }
    }

    private let seed: UInt64
    private let sharedLimit: Int
    private let idleTarget: Int
    private let startingLimit: Int
    private var random: SeededRandom
    private var pool: WorkerPool
    private var waiting: [ActorID: WorkerPool.Need] = [:]
    private var homes: [ActorID: ProcessID] = [:]
    private var needs: [ActorID: WorkerPool.Need] = [:]
    private var workers: [ProcessID: Worker] = [:]
    /// The processes that were started for one actor.
    private var owners: [ProcessID: ActorID] = [:]
    private var unnamed: [ActorID?] = []
    private var nextNumber: UInt64 = 1
    /// Starts since the last request, end of a process or success.
    private var startsInARow = 0
    private(set) var problems: [String] = []
    private(set) var assignedCount = 0
    private(set) var refusedCount = 0

    init(seed: UInt64) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        sharedLimit = Int.random(in: 1...3, using: &random)
        idleTarget = Int.random(in: 0...3, using: &random)
        startingLimit = Int.random(in: 1...4, using: &random)
        pool = WorkerPool(sharedLimit: sharedLimit, idleTarget: idleTarget, startingLimit: startingLimit)
    }

    mutating func run(steps: Int) {
        take(pool.begin())
        for step in 0..<steps where problems.isEmpty {
            act(failurePercent: (step / 300) % 3 == 2 ? 40 : 5)
            check()
        }
        // From now on every start succeeds: whoever waits has to be served.
        var rounds = 0
        while problems.isEmpty,
            !waiting.isEmpty || !unnamed.isEmpty || workers.values.contains(where: \.isStarting)
        {
            rounds += 1
            if rounds > 10_000 { problems.append("\(waiting.count) requests are never answered") }
            act(failurePercent: 0, isEnding: true)
            check()
        }
        if pool.waitingCount != 0 { problems.append("the pool thinks that \(pool.waitingCount) wait") }
        if !problems.isEmpty { problems.insert("seed \(seed)", at: 0) }
    }

    private mutating func nextID() -> UInt64 {
        defer { nextNumber += 1 }
        return nextNumber
    }

    private mutating func act(failurePercent: Int, isEnding: Bool = false) {
        let starting = workers.filter(\.value.isStarting).keys.sorted { $0.rawValue < $1.rawValue }
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30 where !isEnding:
            let actor = ActorID.spawned(nextID(), cluster: 1)
            let need =
                [WorkerPool.Need.shared, .shared, .dedicated, .fresh].randomElement(using: &random) ?? .shared
            waiting[actor] = need
            needs[actor] = need
            take(pool.request(actor, need))
        case 30..<50 where !unnamed.isEmpty:
            let owner = unnamed.removeFirst()
            if random.chance(percent: failurePercent) {
                take(pool.startFailed(.exited(code: 1)))
            } else {
                let worker = ProcessID(nextID())
                workers[worker] = .starting(for: owner)
                owners[worker] = owner
                pool.started(worker)
            }
        case 50..<75:
            guard let worker = starting.randomElement(using: &random) else { return }
            if random.chance(percent: failurePercent) {
                workers[worker] = nil
                take(pool.left(worker, .exited(code: 2)))
            } else {
                workers[worker] = .ready
                take(pool.ready(worker))
            }
        case 75..<85 where !isEnding:
            guard let actor = homes.keys.sorted(by: { $0.serial < $1.serial }).randomElement(using: &random)
            else { return }
            homes[actor] = nil
            take(pool.ended(actor))
        case 85..<90 where !isEnding:
            guard let actor = waiting.keys.sorted(by: { $0.serial < $1.serial }).randomElement(using: &random)
            else { return }
            waiting[actor] = nil
            if random.chance(percent: 50) { pool.withdraw(actor) } else { take(pool.ended(actor)) }
        case 90..<100:
            let candidates = workers.filter { isEnding ? $0.value == .retiring : !$0.value.isStarting }.keys
            guard
                let worker = candidates.sorted(by: { $0.rawValue < $1.rawValue }).randomElement(
                    using: &random
                )
            else { return }
            workers[worker] = nil
            for (actor, home) in homes where home == worker { homes[actor] = nil }
            take(pool.left(worker, .crashed(signal: 9, lastOutput: [])))
        default: break
        }
    }

    /// Carries out what the pool decides, and checks that it may be decided.
    private mutating func take(_ actions: [WorkerPool.Action]) {
        for action in actions {
            switch action {
            case .start(let actor):
                unnamed.append(actor)
                if let actor, waiting[actor] != .fresh {
                    problems.append("a start for \(actor), which does not ask for it")
                }
            case .assign(let actor, let worker): assign(actor, worker)
            case .refuse(let actor, _):
                refusedCount += 1
                if waiting.removeValue(forKey: actor) == nil {
                    problems.append("\(actor) refused, but does not wait")
                }
            case .retire(let worker):
                if workers[worker] != .ready {
                    problems.append("\(worker) retired, but is \(workers[worker], default: "gone")")
                }
                if homes.values.contains(worker) { problems.append("\(worker) retired with actors in it") }
                workers[worker] = .retiring
            }
        }
    }

    private mutating func assign(_ actor: ActorID, _ worker: ProcessID) {
        assignedCount += 1
        guard let need = waiting.removeValue(forKey: actor) else {
            problems.append("\(actor) assigned, but does not wait")
            return
        }
        if workers[worker] != .ready { problems.append("\(actor) assigned to \(worker), which is not ready") }
        let others = homes.filter { $0.value == worker }.keys
        if need == .shared {
            if others.contains(where: { needs[$0] != .shared }) {
                problems.append("\(actor) shares a dedicated worker")
            }
        } else if !others.isEmpty {
            problems.append("\(actor) wants a worker of its own, and gets one with \(others.count) others")
        }
        if let owner = owners[worker], owner != actor {
            problems.append("\(actor) got the worker started for \(owner)")
        }
        if need == .fresh, owners[worker] != actor {
            problems.append("\(actor) got a worker that is not fresh")
        }
        homes[actor] = worker
    }

    private mutating func check() {
        for (actor, home) in homes where pool.home(of: actor) != home {
            problems.append("\(actor) is in \(pool.home(of: actor), default: "no worker"), not in \(home)")
        }
        if pool.workerCount != workers.count {
            problems.append("\(pool.workerCount) workers, not \(workers.count)")
        }
        if pool.waitingCount != waiting.count {
            problems.append("\(pool.waitingCount) wait, not \(waiting.count)")
        }
        let startingCount = unnamed.count + workers.values.count { $0.isStarting }
        if startingCount > startingLimit {
            problems.append("\(startingCount) start at once, of \(startingLimit)")
        }
        let shared = Set(homes.filter { needs[$0.key] == .shared }.values)
        // A shared worker stays when its actors have gone, so this is what may be seen of the limit.
        if shared.count > sharedLimit {
            problems.append("\(shared.count) workers are shared, of \(sharedLimit)")
        }
    }
}

@Suite("worker pool, at random")
struct WorkerPoolRandomTests {
    @Test(
        "no actor is in two workers, no more start than may, and everything requested is assigned or refused",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func random(seed: UInt64) {
        var simulation = PoolSimulation(seed: seed)
        simulation.run(steps: 1_500)
        #expect(simulation.problems.isEmpty)
        #expect(simulation.assignedCount > 50)
    }

    @Test(
        "if no worker ever starts, every request is refused after a bounded number of starts",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func nothingStarts(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var pool = WorkerPool(sharedLimit: 2, idleTarget: 3, startingLimit: 4)
        var starts: [ActorID?] = []
        var startCount = 0
        var refused: Set<ActorID> = []
        var worker: UInt64 = 1
        func take(_ actions: [WorkerPool.Action]) {
            for action in actions {
                switch action {
                case .start(let actor):
                    starts.append(actor)
                    startCount += 1
                case .refuse(let actor, _): refused.insert(actor)
                case .assign, .retire: Issue.record("seed \(seed): \(action), though nothing starts")
                }
            }
        }
        take(pool.begin())
        let actors = (1...30).map { ActorID.spawned($0, cluster: 1) }
        for actor in actors {
            take(pool.request(actor, [.shared, .dedicated, .fresh].randomElement(using: &random) ?? .shared))
        }
        while !starts.isEmpty, startCount < 1_000 {
            starts.removeFirst()
            if random.chance(percent: 50) {
                take(pool.startFailed(.exited(code: 1)))
            } else {
                pool.started(ProcessID(worker))
                take(pool.left(ProcessID(worker), .exited(code: 1)))
                worker += 1
            }
        }
        #expect(refused == Set(actors), "seed \(seed)")
        #expect(startCount <= 30 + 4 + 3, "seed \(seed): \(startCount) starts for 30 requests")
        #expect(pool.workerCount == 0)
    }
}
