import MantaCore
import MantaScheduling
import MantaTestSupport
import Testing

/// Runs random events against the scheduler and against the plainest model of it: lists that are searched
/// from the front.
private struct SchedulerSimulation {
    private struct Waiter {
        var ticket: PlacementTicket
        var demand: Resources
        var deadline: ContinuousClock.Instant
    }

    private struct Held {
        var demand: Resources
        var node: NodeID
    }

    private static let origin = ContinuousClock.now
    private static let waitingLimit = 10
    private static let demands: [Resources] = [
        [:], [.cpu: 0.1], [.cpu: 1], [.cpu: 1, .memory: 3], [.cpu: 3], [.gpu: 0.3], [.gpu: 1, .cpu: 0.5],
        [.cpu: 8], [.memory: 7], ["tpu": 1],
    ]
    private static let totals: [Resources] = [
        [.cpu: 4, .memory: 8], [.cpu: 2, .gpu: 1], [.cpu: 8, .memory: 16, .gpu: 2], [:], [.cpu: 1, "tpu": 2],
    ]

    private var random: SeededRandom
    private var scheduler = ClusterScheduler(waitingLimit: waitingLimit)
    private var waiters: [Waiter] = []
    private var held: [Held] = []
    private var totals: [(node: NodeID, total: Resources)] = []
    private var now = origin
    private var nextNumber: UInt64 = 0
    /// What was decided, to compare two runs of one seed.
    private(set) var log: [String] = []
    private(set) var placedFromLineCount = 0
    private(set) var expiredCount = 0
    private(set) var infeasibleCount = 0
    private(set) var refusedCount = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func run(eventCount: Int) throws {
        for _ in 0..<eventCount {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<50: try place()
            case 50..<80: try release()
            case 80..<86: try cancel()
            case 86..<95: try passTime()
            case 95..<98: try join()
            default: try leave()
            }
            try check()
        }
    }

    /// Gives everything back: nobody can be left waiting on idle nodes.
    mutating func drain() throws {
        while !held.isEmpty {
            try release()
            try check()
        }
        #expect(waiters.isEmpty && scheduler.waitingCount == 0 && scheduler.nextDeadline == nil)
        for node in scheduler.nodes() {
            #expect(node.available == node.total)
            #expect(scheduler.placementCount(on: node.id) == 0)
        }
    }

    // MARK: - Events

    private mutating func place() throws {
        nextNumber += 1
        let ticket = PlacementTicket(nextNumber)
        let demand = try #require(Self.demands.randomElement(using: &random))
        let deadline = now + .milliseconds(Int.random(in: 0..<200, using: &random))
        let expected = nodeByPolicy(for: demand)
        let isFeasible = couldEverFit(demand)
        let decision = scheduler.place(demand, ticket: ticket, deadline: deadline)
        log.append("place \(demand): \(decision)")
        switch decision {
        case .placed(let node):
            #expect(node == expected)
            held.append(Held(demand: demand, node: node))
        case .waiting:
            #expect(expected == nil && isFeasible && waiters.count < Self.waitingLimit)
            waiters.append(Waiter(ticket: ticket, demand: demand, deadline: deadline))
        case .infeasible(let error):
            #expect(!isFeasible && error.code == .infeasible)
            infeasibleCount += 1
        case .refused(let error):
            #expect(
                expected == nil && isFeasible && waiters.count == Self.waitingLimit
                    && error.code == .overloaded
            )
            refusedCount += 1
        }
    }

    private mutating func release() throws {
        guard !held.isEmpty else { return }
        let ended = held.remove(at: Int.random(in: 0..<held.count, using: &random))
        try expectServed(scheduler.release(ended.demand, on: ended.node), by: ended.node)
    }

    private mutating func cancel() throws {
        guard !waiters.isEmpty else { return }
        let waiter = waiters.remove(at: Int.random(in: 0..<waiters.count, using: &random))
        #expect(scheduler.cancel(waiter.ticket) == true)
        #expect(scheduler.cancel(waiter.ticket) == false)
    }

    private mutating func passTime() throws {
        now += .milliseconds(Int.random(in: 0..<60, using: &random))
        let failed = scheduler.timePassed(to: now)
        let expected = waiters.enumerated().filter { $0.element.deadline <= now }
            .sorted { ($0.element.deadline, $0.offset) < ($1.element.deadline, $1.offset) }
        #expect(failed.map(\.ticket) == expected.map(\.element.ticket))
        #expect(failed.allSatisfy { $0.error.code == .placementTimedOut })
        waiters.removeAll { $0.deadline <= now }
        expiredCount += failed.count
        log.append("time: \(failed)")
    }

    private mutating func join() throws {
        guard totals.count < 6 else { return }
        nextNumber += 1
        let node = NodeID(nextNumber)
        let total = try #require(Self.totals.randomElement(using: &random))
        totals.append((node, total))
        try expectServed(scheduler.nodeJoined(node, total: total, address: "embedded"), by: node)
    }

    private mutating func leave() throws {
        guard let index = totals.indices.randomElement(using: &random) else { return }
        let node = totals.remove(at: index).node
        let failed = scheduler.nodeLeft(node)
        let expected = waiters.filter { !couldEverFit($0.demand) }
        #expect(Set(failed.map(\.ticket)) == Set(expected.map(\.ticket)) && failed.count == expected.count)
        waiters = waiters.filter { couldEverFit($0.demand) }
        // Some of its actors are released after it left, as their deaths come in.
        for lost in held where lost.node == node && random.chance(percent: 50) {
            #expect(scheduler.release(lost.demand, on: node).isEmpty)
        }
        held.removeAll { $0.node == node }
        log.append("left \(node): \(failed)")
    }

    // MARK: - What is right

    /// The oldest that fits, again and again: so those with one demand are served in order of arrival.
    private mutating func expectServed(_ placements: [PlacementGrant], by node: NodeID) throws {
        var ledger = NodeLedger(total: try #require(totals.first { $0.node == node }).total)
        for other in held where other.node == node { try #require(ledger.acquire(other.demand) == true) }
        var expected: [PlacementGrant] = []
        while let index = waiters.firstIndex(where: { ledger.fits($0.demand) }) {
            let waiter = waiters.remove(at: index)
            try #require(ledger.acquire(waiter.demand) == true)
            held.append(Held(demand: waiter.demand, node: node))
            expected.append(PlacementGrant(ticket: waiter.ticket, node: node))
        }
        #expect(placements == expected)
        placedFromLineCount += placements.count
        log.append("\(node) has room: \(placements)")
    }

    private func couldEverFit(_ demand: Resources) -> Bool {
        totals.contains { NodeLedger(total: $0.total).fits(demand) }
    }

    private func nodeByPolicy(for demand: Resources) -> NodeID? {
        let ledgers = totals.compactMap { entry in scheduler.ledger(of: entry.node).map { (entry.node, $0) } }
        if demand.isEmpty {
            let counts = totals.map { entry in held.count { $0.node == entry.node } }
            return counts.min().flatMap { counts.firstIndex(of: $0) }.map { totals[$0].node }
        }
        let fitting = ledgers.filter { $0.1.fits(demand) }
        let idle = fitting.first { $0.1.load < 0.5 }
        return (idle ?? fitting.min { $0.1.load < $1.1.load })?.0
    }

    private func check() throws {
        for (node, total) in totals {
            let ledger = try #require(scheduler.ledger(of: node))
            // Acquiring one after the other fails when the sum is over the total.
            var sum = NodeLedger(total: total)
            for placed in held where placed.node == node { try #require(sum.acquire(placed.demand) == true) }
            #expect(ledger == sum)
            for waiter in waiters { #expect(!ledger.fits(waiter.demand), "\(waiter.ticket) waits but fits") }
        }
        #expect(scheduler.waitingCount == waiters.count)
        #expect(scheduler.nextDeadline == waiters.map(\.deadline).min())
        var demands: [WaitingDemand] = []
        for waiter in waiters {
            if let index = demands.firstIndex(where: { $0.demand == waiter.demand }) {
                demands[index].count += 1
            } else {
                demands.append(WaitingDemand(demand: waiter.demand, count: 1))
            }
        }
        #expect(scheduler.waitingDemands() == demands)
    }
}

@Suite("Thousands of random events at the scheduler")
struct ClusterSchedulerRandomTests {
    static let seeds: [UInt64] = [1, 2, 3, 5, 8, 13, 21, 34]

    @Test(
        "reserve no more than there is, keep the order of arrival, leave nobody waiting who fits",
        arguments: seeds
    )
    func invariants(seed: UInt64) throws {
        var simulation = SchedulerSimulation(seed: seed)
        try simulation.run(eventCount: 4_000)
        try simulation.drain()
        // Or the run has not tried what it is for.
        #expect(simulation.placedFromLineCount > 100 && simulation.expiredCount > 10)
        #expect(simulation.infeasibleCount > 0 && simulation.refusedCount > 0)
    }

    @Test("decide the same again from the same seed", arguments: seeds.prefix(2))
    func replay(seed: UInt64) throws {
        var one = SchedulerSimulation(seed: seed)
        var other = SchedulerSimulation(seed: seed)
        try one.run(eventCount: 2_000)
        try other.run(eventCount: 2_000)
        #expect(one.log == other.log)
    }
}
