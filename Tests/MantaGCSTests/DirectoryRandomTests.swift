import MantaCore
import MantaGCS
import MantaTestSupport
import Testing

/// Runs random reports against the directory, also late, repeated and crossing ones, and against the plainest
/// model of it. What ends with a process or a node is reported as the control plane does it.
private struct DirectorySimulation {
    private struct Model {
        enum State: Equatable {
            case pending, alive(ActorLocation), restarting(DeathCause), dead(DeathCause)
        }

        var id: ActorID
        var name: QualifiedName?
        var owner: ActorOwner?
        var restarts: RestartPolicy
        var epoch: UInt32 = 1
        var state = State.pending
        var node: NodeID?
        var stopping: DeathCause?
        var grants: [Moment] = []
        var events: [LifecycleEvent] = []

        var key: ActorKey { ActorKey(id, epoch: epoch) }
        var isDead: Bool { if case .dead = state { true } else { false } }
        var process: ProcessID? { if case .alive(let location) = state { location.process } else { nil } }
        var isBeingBuilt: Bool {
            switch state {
            case .pending, .restarting: node != nil
            case .alive, .dead: false
            }
        }
    }

    private static let deadLimit = 60
    private static let nodes = (1...4).map { NodeID($0) }
    private static let names = (0..<25).map {
        QualifiedName("name-\($0 / 2)", namespace: $0 % 2 == 0 ? "default" : "shop")
    }
    private static let drivers = (1...2).map { ProcessID(0xd0 + $0) }
    private static let policies = [RestartPolicy.never, .always, .upTo(2, within: .seconds(50))]

    private var random: SeededRandom
    /// Of the delays of restarts.
    private var jitter = SplitMix64(seed: 1)
    private var now = origin
    private var directory = Directory(cluster: 5, deadActorLimit: deadLimit, deadProcessLimit: 10_000)
    /// In the order in which they were registered, so by number.
    private var models: [Model] = []
    private var deadInOrder: [ActorID] = []
    private var processes: [(record: ProcessRecord, deathCause: DeathCause?)] = []
    private var ended: Set<ActorKey> = []
    private var nextProcess: UInt64 = 0
    private(set) var aliveCount = 0
    private(set) var lateCount = 0
    private(set) var nameTakenCount = 0
    private(set) var restartCount = 0
    private(set) var usedUpCount = 0
    private(set) var lostCount = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func run(eventCount: Int) throws {
        for number in 0..<eventCount {
            now = now + .milliseconds(Int.random(in: 0..<200, using: &random))
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<20: try register()
            case 20..<42: try place()
            case 42..<67: try announce()
            case 67..<77: try endIncarnation()
            case 77..<80: try stop()
            case 80..<88: try end()
            case 88..<94: try joinProcess()
            case 94..<99: try leaveProcess()
            default: try leaveNode()
            }
            if number % 20 == 0 { try check() }
        }
    }

    mutating func drain() throws {
        for index in models.indices { try end(at: index, .jobEnded) }
        try check()
        #expect(directory.actorCounts.live == 0)
        for model in models {
            #expect(ended.isSuperset(of: (1...model.epoch).map { ActorKey(model.id, epoch: $0) }))
        }
    }

    // MARK: - Events

    private mutating func register() throws {
        let name = random.chance(percent: 60) ? Self.names.randomElement(using: &random) : nil
        let holder = models.first { $0.name != nil && $0.name == name && !$0.isDead }
        let model = Model(
            id: directory.nextActorID(hasOwnLane: random.chance(percent: 20)),
            name: name,
            owner: randomOwner(),
            restarts: try #require(Self.policies.randomElement(using: &random))
        )
        let options = ActorOptions(name: name?.name, namespace: name?.namespace, restarts: model.restarts)
        let spec = ActorSpec(
            id: model.id,
            epoch: 1,
            mangledTypeName: "T",
            typeName: "T",
            arguments: [],
            options: options,
            job: driver
        )
        do {
            try directory.register(spec, owner: model.owner)
            #expect(holder == nil)
            models.append(model)
        } catch {
            #expect(error.code == .nameTaken)
            let holder = try #require(holder)
            #expect(error.message.contains("\(holder.id),"))
            nameTakenCount += 1
        }
    }

    private mutating func randomOwner() -> ActorOwner? {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: nil
        case 1: Self.drivers.randomElement(using: &random).map { .job($0) }
        default: models.suffix(30).randomElement(using: &random).map { .actor($0.key) }
        }
    }

    private mutating func place() throws {
        guard let index = randomActor(where: { $0.node == nil && $0.process == nil }) else { return }
        let node = try #require(Self.nodes.randomElement(using: &random))
        let answer = directory.placed(models[index].id, on: node)
        if models[index].isDead {
            #expect(answer == .tooLate(expectedFate(at: index)))
            lateCount += 1
        } else {
            #expect(answer == .accepted)
            models[index].node = node
        }
    }

    /// Mostly right, at times too late, repeated, of another epoch, from a dead worker or from another node.
    private mutating func announce() throws {
        let isRight = random.chance(percent: 70)
        guard let index = randomActor(where: { !isRight || $0.isBeingBuilt }) else { return }
        let model = models[index]
        let candidates = processes.filter {
            !isRight || $0.record.node == model.node && $0.deathCause == nil
        }
        guard let process = candidates.randomElement(using: &random) else { return }
        let location = ActorLocation(
            process: process.record.id,
            endpoint: process.record.endpoint,
            lane: 1,
            epoch: isRight || random.chance(percent: 50) ? model.epoch : model.epoch &+ 1,
            maxPendingCalls: 1
        )
        let answer = directory.alive(
            model.id,
            at: location,
            on: process.record.node,
            operatingSystemID: 1,
            now: now
        )
        #expect(answer == expectedAnswer(at: index, location, from: process))
        switch answer {
        case .accepted where model.process == nil:
            models[index].state = .alive(location)
            models[index].events.append(.alive(epoch: location.epoch))
            aliveCount += 1
        case .accepted: break
        case .tooLate: lateCount += 1
        case .processLeft(let cause): try noteEnd(of: model.key, at: index, cause)
        }
    }

    private func expectedAnswer(
        at index: Int,
        _ location: ActorLocation,
        from process: (record: ProcessRecord, deathCause: DeathCause?)
    ) -> Directory.OnAlive {
        let model = models[index]
        if model.state == .alive(location) { return .accepted }
        let isExpected =
            model.isBeingBuilt && model.node == process.record.node && model.epoch == location.epoch
        guard isExpected else { return .tooLate(expectedFate(at: index)) }
        return process.deathCause.map { .processLeft($0) } ?? .accepted
    }

    private mutating func endIncarnation() throws {
        guard let index = randomActor(where: { $0.node != nil }) else { return }
        var key = models[index].key
        if random.chance(percent: 20) { key.epoch = .random(in: 0...key.epoch + 1, using: &random) }
        try noteEnd(of: key, at: index, .exited(code: 1))
    }

    private mutating func stop() throws {
        guard let index = randomActor(where: { $0.process != nil }) else { return }
        directory.stopping(models[index].id, .stopped, within: .seconds(1))
        models[index].stopping = .stopped
    }

    private mutating func end() throws {
        guard let index = randomActor(where: { _ in true }) else { return }
        let causes: [DeathCause] = [.stopped, .killed, .initFailed("no")]
        try end(at: index, try #require(causes.randomElement(using: &random)))
    }

    private mutating func end(at index: Int, _ cause: DeathCause) throws {
        let record = directory.died(models[index].id, cause)
        #expect((record == nil) == models[index].isDead)
        if let record { try noteDeath(record, at: index, cause) }
    }

    private mutating func joinProcess() throws {
        if random.chance(percent: 30), let known = processes.randomElement(using: &random) {
            let answer = directory.processJoined(known.record)
            #expect(answer == known.deathCause.map { .dead($0) } ?? .accepted)
            return
        }
        nextProcess += 1
        let record = ProcessRecord(
            id: ProcessID(nextProcess),
            node: try #require(Self.nodes.randomElement(using: &random)),
            endpoint: .unix(path: "/run/\(nextProcess)"),
            operatingSystemID: 1
        )
        // At times the first that is heard of it is that an actor lives in it.
        if random.chance(percent: 80) { #expect(directory.processJoined(record) == .accepted) }
        processes.append((record, nil))
    }

    private mutating func leaveProcess() throws {
        guard let ordinal = processes.indices.randomElement(using: &random) else { return }
        let id = processes[ordinal].record.id
        guard directory.process(id) != nil else { return }
        let cause = DeathCause.exited(code: Int32(ordinal))
        let keys = directory.processLeft(id, cause)
        let isFirst = processes[ordinal].deathCause == nil
        processes[ordinal].deathCause = processes[ordinal].deathCause ?? cause
        try noteLost(keys, isFirst ? models.indices.filter { models[$0].process == id } : [], cause)
    }

    private mutating func leaveNode() throws {
        let node = try #require(Self.nodes.randomElement(using: &random))
        let (ids, keys) = directory.nodeLeft(node)
        let left = processes.indices.filter {
            let (record, cause) = processes[$0]
            return record.node == node && cause == nil && directory.process(record.id) != nil
        }
        #expect(ids == left.map { processes[$0].record.id })
        for ordinal in left { processes[ordinal].deathCause = .nodeDied(node) }
        try noteLost(
            keys,
            models.indices.filter { !models[$0].isDead && models[$0].node == node },
            .nodeDied(node)
        )
    }

    // MARK: - What is right

    private mutating func noteLost(_ keys: [ActorKey], _ indices: [Int], _ cause: DeathCause) throws {
        try #require(keys == indices.map { models[$0].key })
        for (key, index) in zip(keys, indices) { try noteEnd(of: key, at: index, cause) }
        lostCount += keys.count
    }

    /// Reports the end of an incarnation, which the directory answers by the policy.
    private mutating func noteEnd(of key: ActorKey, at index: Int, _ cause: DeathCause) throws {
        let model = models[index]
        let outcome = directory.incarnationEnded(key, cause, now: now, random: &jitter)
        guard key == model.key, !model.isDead else {
            #expect(outcome == .stale)
            return
        }
        switch outcome {
        case .stale: Issue.record("the end of \(key) is stale")
        case .dead(let record):
            #expect(model.stopping != nil || model.state == .pending || !mayRestart(model))
            if model.grants.count == 2, model.stopping == nil { usedUpCount += 1 }
            try noteDeath(record, at: index, model.stopping ?? cause)
        case .restarting(let delay):
            #expect(model.stopping == nil && model.state != .pending && mayRestart(model))
            #expect(delay >= .zero && delay <= .seconds(15))
            #expect(ended.insert(key).inserted, "\(key) ended twice")
            models[index].state = .restarting(cause)
            models[index].epoch += 1
            models[index].node = nil
            models[index].grants.append(now)
            models[index].events.append(.restarting)
            restartCount += 1
        }
    }

    private func mayRestart(_ model: Model) -> Bool {
        switch model.restarts {
        case .never: false
        case .always: true
        case .upTo(let count, let window): model.grants.count { now.since($0) < window } < count
        }
    }

    private mutating func noteDeath(_ record: ActorRecord, at index: Int, _ cause: DeathCause) throws {
        let key = models[index].key
        #expect(record.key == key && record.deathCause == cause && record.node == models[index].node)
        #expect(ended.insert(key).inserted, "\(key) ended twice")
        models[index].state = .dead(cause)
        models[index].events.append(.terminated(cause))
        deadInOrder.append(key.id)
    }

    /// Prefers those of late, or almost all would be dead.
    private mutating func randomActor(where condition: (Model) -> Bool) -> Int? {
        let recent = random.chance(percent: 90) ? models.suffix(30) : models[...]
        return recent.indices.filter { condition(models[$0]) }.randomElement(using: &random)
    }

    private func expectedFate(at index: Int) -> ActorFate {
        switch models[index].state {
        case .pending: .pending
        case .alive(let location): .alive(location)
        case .restarting(let cause): .restarting(cause)
        case .dead(let cause): isForgotten(models[index].id) ? .unknown : .dead(cause)
        }
    }

    private func isForgotten(_ id: ActorID) -> Bool { !deadInOrder.suffix(Self.deadLimit).contains(id) }

    private func check() throws {
        let live = models.filter { !$0.isDead }
        let kept = Set(deadInOrder.suffix(Self.deadLimit))
        let listed = directory.actors()
        #expect(listed.map(\.id) == models.filter { !$0.isDead || kept.contains($0.id) }.map(\.id))
        for name in Self.names { #expect(directory.find(name)?.id == live.first { $0.name == name }?.id) }
        let owners = Set(live.compactMap(\.owner)).union(Self.drivers.map { .job($0) })
        for owner in owners {
            #expect(directory.owned(by: owner) == live.filter { $0.owner == owner }.map(\.id))
        }
        var counts = Directory.ActorCounts(dead: kept.count)
        for model in live {
            switch model.state {
            case .pending: counts.pending += 1
            case .alive: counts.alive += 1
            case .restarting: counts.restarting += 1
            case .dead: break
            }
        }
        #expect(directory.actorCounts == counts)
        for index in models.indices.suffix(100) {
            let model = models[index]
            #expect(directory.fate(of: model.id) == expectedFate(at: index))
            guard let record = directory.actor(model.id) else { continue }
            #expect(record.key == model.key && record.node == model.node && record.owner == model.owner)
            #expect(record.lifecycle.news(after: 0).events == model.events)
        }
        let joined = processes.filter { directory.process($0.record.id) != nil }
        let deadCount = joined.count { $0.deathCause != nil }
        #expect(
            directory.processCounts
                == Directory.ProcessCounts(alive: joined.count - deadCount, dead: deadCount)
        )
    }
}

@Suite("Thousands of random reports to the directory")
struct DirectoryRandomTests {
    @Test(
        "keep names unique, end each incarnation once, and restart by the policy",
        arguments: [1, 2, 3, 5, 8, 13, 21, 34] as [UInt64]
    )
    func invariants(seed: UInt64) throws {
        var simulation = DirectorySimulation(seed: seed)
        try simulation.run(eventCount: 4_000)
        try simulation.drain()
        // Or the run has not tried what it is for.
        #expect(simulation.aliveCount > 50 && simulation.lateCount > 50 && simulation.nameTakenCount > 10)
        #expect(simulation.restartCount > 50 && simulation.usedUpCount > 0 && simulation.lostCount > 10)
    }
}
