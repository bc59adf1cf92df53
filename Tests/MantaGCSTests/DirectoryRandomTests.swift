import MantaCore
import MantaGCS
import MantaScheduling
import MantaTestSupport
import Testing

/// Runs random reports against the directory, also late, repeated and crossing ones, and against the plainest
/// model of it. Resources are accounted from what the directory returns, as the GCS does it.
private struct DirectorySimulation {
    private struct Model {
        enum State: Equatable {
            case pending, alive(ActorLocation), dead(DeathCause)
        }

        var id: ActorID
        var name: String?
        var state = State.pending
        var node: NodeID?

        var isDead: Bool {
            if case .dead = state { true } else { false }
        }
    }

    private static let deadLimit = 60
    private static let nodes = (1...4).map { NodeID($0) }
    private static let demand: Resources = [.cpu: 0.3]

    private var random: SeededRandom
    private var directory = Directory(cluster: 5, deadActorLimit: deadLimit, deadProcessLimit: 10_000)
    /// In the order in which they were registered, so by number.
    private var models: [Model] = []
    private var deadInOrder: [ActorID] = []
    private var processes: [(record: ProcessRecord, deathCause: DeathCause?)] = []
    private var ledgers: [NodeLedger]
    private var endedOnce: Set<ActorID> = []
    private var nextProcess: UInt64 = 0
    private(set) var aliveCount = 0
    private(set) var lateCount = 0
    private(set) var nameTakenCount = 0
    private(set) var endedByProcessCount = 0
    private(set) var endedByNodeCount = 0

    init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        ledgers = Self.nodes.map { _ in NodeLedger(total: [.cpu: 1_000]) }
    }

    mutating func run(eventCount: Int) throws {
        for number in 0..<eventCount {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<30: try register()
            case 30..<50: try place()
            case 50..<72: try announce()
            case 72..<88: try end()
            case 88..<94: try joinProcess()
            case 94..<99: try leaveProcess()
            default: try leaveNode()
            }
            if number % 20 == 0 { try check() }
        }
    }

    /// Ends everything: all resources are back.
    mutating func drain() throws {
        for index in models.indices { try end(at: index, .jobEnded) }
        try check()
        #expect(endedOnce.count == models.count)
        for ledger in ledgers { #expect(ledger.held.isEmpty) }
        #expect(directory.actorCounts.pending == 0 && directory.actorCounts.alive == 0)
    }

    // MARK: - Events

    private mutating func register() throws {
        let name = random.chance(percent: 60) ? "name-\(Int.random(in: 0..<25, using: &random))" : nil
        let id = directory.nextActorID()
        let holder = models.first { $0.name != nil && $0.name == name && !$0.isDead }
        let spec = ActorSpec(
            id: id,
            epoch: 1,
            mangledTypeName: "T",
            typeName: "T",
            arguments: [],
            options: ActorOptions(name: name, resources: Self.demand)
        )
        do {
            try directory.register(spec)
            #expect(holder == nil)
            models.append(Model(id: id, name: name))
        } catch {
            #expect(error.code == .nameTaken)
            let holder = try #require(holder)
            #expect(error.message.contains("\(holder.id),"))
            nameTakenCount += 1
        }
    }

    private mutating func place() throws {
        guard let index = randomActor(where: { $0.node == nil }) else { return }
        let ordinal = Int.random(in: 0..<Self.nodes.count, using: &random)
        let answer = directory.placed(models[index].id, on: Self.nodes[ordinal])
        if models[index].isDead {
            #expect(answer == .tooLate(expectedFate(at: index)))
            lateCount += 1
        } else {
            #expect(answer == .accepted)
            models[index].node = Self.nodes[ordinal]
            try #require(ledgers[ordinal].acquire(Self.demand) == true)
        }
    }

    /// Mostly right, at times too late, repeated, from a dead worker or from one that cannot be.
    private mutating func announce() throws {
        let isRight = random.chance(percent: 70)
        guard let index = randomActor(where: { !isRight || $0.state == .pending && $0.node != nil }) else {
            return
        }
        let node = models[index].node
        let candidates = processes.filter { !isRight || $0.record.node == node && $0.deathCause == nil }
        guard let process = candidates.randomElement(using: &random) else { return }
        let model = models[index]
        let location = ActorLocation(
            process: process.record.id,
            endpoint: process.record.endpoint,
            lane: 1,
            epoch: 1,
            maxPendingCalls: 1
        )
        let fate = expectedFate(at: index)
        let answer = directory.alive(model.id, at: location, operatingSystemID: 1)
        switch (answer, model.state) {
        case (.accepted, .alive(let known)):
            #expect(known == location)
        case (.accepted, .pending):
            #expect(process.deathCause == nil && model.node == process.record.node)
            models[index].state = .alive(location)
            aliveCount += 1
        case (.ended(let record), .pending):
            let cause = try #require(process.deathCause)
            #expect(record.id == model.id && model.node == process.record.node)
            try noteEnded([record], [index], cause)
        case (.contradictory, .pending):
            #expect(model.node != process.record.node)
        case (.tooLate(let told), _):
            #expect(told == fate && model.state != .pending && model.state != .alive(location))
            lateCount += 1
        default:
            Issue.record("\(answer) for \(model)")
        }
    }

    private mutating func end() throws {
        guard let index = randomActor(where: { _ in true }) else { return }
        let causes: [DeathCause] = [.stopped, .killed, .initFailed("no")]
        try end(at: index, try #require(causes.randomElement(using: &random)))
    }

    private mutating func end(at index: Int, _ cause: DeathCause) throws {
        let record = directory.died(models[index].id, cause)
        #expect((record == nil) == models[index].isDead)
        if let record { try noteEnded([record], [index], cause) }
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
        #expect(directory.processJoined(record) == .accepted)
        processes.append((record, nil))
    }

    private mutating func leaveProcess() throws {
        guard let ordinal = processes.indices.randomElement(using: &random) else { return }
        let id = processes[ordinal].record.id
        let cause = DeathCause.exited(code: Int32(ordinal))
        let ended = directory.processLeft(id, cause)
        guard processes[ordinal].deathCause == nil else {
            #expect(ended.isEmpty)
            return
        }
        processes[ordinal].deathCause = cause
        let expected = models.indices.filter {
            if case .alive(let location) = models[$0].state { location.process == id } else { false }
        }
        endedByProcessCount += ended.count
        try noteEnded(ended, expected, cause)
    }

    private mutating func leaveNode() throws {
        let node = try #require(Self.nodes.randomElement(using: &random))
        let ended = directory.nodeLeft(node)
        for ordinal in processes.indices where processes[ordinal].record.node == node {
            processes[ordinal].deathCause = processes[ordinal].deathCause ?? .nodeDied(node)
        }
        let expected = models.indices.filter { !models[$0].isDead && models[$0].node == node }
        endedByNodeCount += ended.count
        try noteEnded(ended, expected, .nodeDied(node))
    }

    // MARK: - What is right

    /// Exactly these ended, for the first time, and their resources come back.
    private mutating func noteEnded(_ records: [ActorRecord], _ indices: [Int], _ cause: DeathCause) throws {
        try #require(records.map(\.id) == indices.map { models[$0].id })
        for (record, index) in zip(records, indices) {
            #expect(record.deathCause == cause && record.node == models[index].node)
            #expect(endedOnce.insert(record.id).inserted, "\(record.id) ended twice")
            models[index].state = .dead(cause)
            deadInOrder.append(record.id)
            if let node = record.node, let ordinal = Self.nodes.firstIndex(of: node) {
                ledgers[ordinal].release(record.spec.options.resources)
            }
        }
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
        case .dead(let cause): isForgotten(models[index].id) ? .unknown : .dead(cause)
        }
    }

    private func isForgotten(_ id: ActorID) -> Bool { !deadInOrder.suffix(Self.deadLimit).contains(id) }

    private func check() throws {
        let live = models.filter { !$0.isDead }
        let kept = Set(deadInOrder.suffix(Self.deadLimit))
        let listed = directory.actors()
        #expect(listed.map(\.id) == models.filter { !$0.isDead || kept.contains($0.id) }.map(\.id))
        let names = listed.filter { $0.state != .dead }.compactMap(\.name)
        #expect(Set(names).count == names.count)
        for number in 0..<25 {
            #expect(
                directory.find(name: "name-\(number)")?.id == live.first { $0.name == "name-\(number)" }?.id
            )
        }
        let pendingCount = live.count { $0.state == .pending }
        let counts = directory.actorCounts
        #expect(counts.pending == pendingCount && counts.alive == live.count - pendingCount)
        #expect(counts.dead == kept.count)
        for index in models.indices.suffix(100) {
            #expect(directory.fate(of: models[index].id) == expectedFate(at: index))
        }
        for (ordinal, node) in Self.nodes.enumerated() {
            let heldUnits = Int64(live.count { $0.node == node }) * 3_000
            #expect(ledgers[ordinal].held[.cpu]?.units ?? 0 == heldUnits)
        }
        let deadProcessCount = processes.count { $0.deathCause != nil }
        #expect(directory.processCounts.dead == deadProcessCount)
        #expect(directory.processCounts.alive == processes.count - deadProcessCount)
    }
}

@Suite("Thousands of random reports to the directory")
struct DirectoryRandomTests {
    @Test(
        "keep names unique, end each actor once, give its resources back once",
        arguments: [1, 2, 3, 5, 8, 13, 21, 34] as [UInt64]
    )
    func invariants(seed: UInt64) throws {
        var simulation = DirectorySimulation(seed: seed)
        try simulation.run(eventCount: 4_000)
        try simulation.drain()
        // Or the run has not tried what it is for.
        #expect(simulation.aliveCount > 50 && simulation.lateCount > 50 && simulation.nameTakenCount > 10)
        #expect(simulation.endedByProcessCount > 5 && simulation.endedByNodeCount > 5)
    }
}
