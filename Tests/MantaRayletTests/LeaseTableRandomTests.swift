import MantaCore
import MantaGCS
import MantaRaylet
import MantaTestSupport
import Testing

/// Random instructions to a lease table, also late and repeated ones, against the plainest model of it.
private struct LeaseSimulation {
    private enum State { case building, running, gone }

    private static let total: Resources = [.cpu: 8, "gpu": 2]

    private var random: SeededRandom
    private var table = LeaseTable(total: total)
    /// By actor and epoch.
    private var states: [ActorKey: State] = [:]
    private var ending: Set<ActorKey> = []
    private var specs: [ActorKey: ActorSpec] = [:]
    private(set) var buildCount = 0
    private(set) var refusalCount = 0
    private(set) var overtakenCount = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func run(eventCount: Int) throws {
        for _ in 0..<eventCount {
            let number = UInt64.random(in: 1...20, using: &random)
            let known = states.keys.filter { $0.id.serial == number }
            let present = known.first { isHere($0) }?.epoch ?? known.map(\.epoch).max() ?? 0
            // The present incarnation or the next, at times the one before.
            let epoch = UInt32.random(in: max(present, 2) - 1...present + 1, using: &random)
            let key = ActorKey(.spawned(number, cluster: 1), epoch: epoch)
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<40: create(key)
            case 40..<65: built(key)
            case 65..<80: end(key)
            default: gone(key)
            }
            check()
        }
    }

    mutating func drain() {
        for key in states.keys where isHere(key) { gone(key) }
        check()
        #expect(table.available == Self.total && table.count == 0)
    }

    private func isHere(_ key: ActorKey) -> Bool {
        switch states[key] {
        case .building, .running: true
        case .gone, nil: false
        }
    }

    /// Whether this incarnation, or a later one, has been here or was ended before it came.
    private func isOver(_ key: ActorKey) -> Bool {
        states.contains { $0.key.id == key.id && $0.key.epoch >= key.epoch && $0.value == .gone }
    }

    private var held: Resources {
        var held = Resources()
        for (key, spec) in specs where isHere(key) {
            for (resource, quantity) in spec.options.resources.quantities {
                held[resource] = Quantity(units: (held[resource]?.units ?? 0) + quantity.units)
            }
        }
        return held
    }

    private mutating func create(_ key: ActorKey) {
        let resources: Resources = [
            .cpu: Quantity(units: Int64.random(in: 0...20_000, using: &random)),
            "gpu": Quantity(units: random.chance(percent: 30) ? 5_000 : 0),
        ]
        let spec =
            specs[key]
            ?? ActorSpec(
                id: key.id,
                epoch: key.epoch,
                mangledTypeName: "T",
                typeName: "T",
                arguments: [],
                options: ActorOptions(resources: resources),
                job: ProcessID(0xd)
            )
        let isBlocked = states.keys.contains { $0.id == key.id && isHere($0) }
        switch table.create(spec) {
        case .build:
            #expect(!isHere(key) && !isOver(key) && !isBlocked)
            states[key] = .building
            specs[key] = spec
            buildCount += 1
        case .wait: #expect(states[key] == .building)
        case .answer(.created): #expect(states[key] == .running)
        case .answer(.ended): #expect(isOver(key) && !isHere(key))
        case .answer(.refused):
            #expect(!isHere(key) && !isOver(key))
            refusalCount += 1
        case .answer(.initFailed): Issue.record("\(key) was never begun")
        }
    }

    private mutating func built(_ key: ActorKey) {
        guard states[key] == .building else { return }
        guard random.chance(percent: 80) else {
            #expect(table.built(key, .ended(.killed)) == .ends)
            return gone(key)
        }
        let location = ActorLocation(
            process: ProcessID(1),
            endpoint: .unix(path: "/run/1"),
            lane: 1,
            epoch: key.epoch,
            maxPendingCalls: 1
        )
        let outcome = table.built(key, .created(location, operatingSystemID: 1))
        #expect(outcome == (ending.contains(key) ? .ends : .runs))
        if outcome == .runs { states[key] = .running } else { gone(key) }
    }

    private mutating func end(_ key: ActorKey) {
        let outcome = table.end(key, .killed)
        guard isHere(key) else {
            #expect(outcome == .nothing)
            if states[key] == nil { overtakenCount += 1 }
            states[key] = .gone
            return
        }
        let isFirst = ending.insert(key).inserted
        #expect(outcome == (!isFirst ? .wait : states[key] == .building ? .cutShort : .takeAway))
    }

    private mutating func gone(_ key: ActorKey) {
        #expect(table.gone(key) == isHere(key))
        if isHere(key) { states[key] = .gone }
    }

    private func check() {
        let (held, available) = (held, table.available)
        for (resource, quantity) in Self.total.quantities {
            let heldUnits = held[resource]?.units ?? 0
            #expect(heldUnits <= quantity.units)
            #expect((available[resource]?.units ?? 0) == quantity.units - heldUnits)
        }
        #expect(Set(table.all) == Set(states.keys.filter { isHere($0) }))
        #expect(Set(table.running) == Set(states.keys.filter { states[$0] == .running }))
    }
}

struct LeaseTableRandomTests {
    @Test(
        "thousands of random instructions never take more than there is, and build each incarnation once",
        arguments: [1, 2, 3, 5, 8, 13] as [UInt64]
    )
    func invariants(seed: UInt64) throws {
        var simulation = LeaseSimulation(seed: seed)
        try simulation.run(eventCount: 3_000)
        simulation.drain()
        // Or the run has not tried what it is for.
        #expect(simulation.buildCount > 50 && simulation.refusalCount > 50 && simulation.overtakenCount > 20)
    }
}
