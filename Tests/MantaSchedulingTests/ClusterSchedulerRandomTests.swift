import MantaCore
import MantaScheduling
import MantaTestSupport
import Testing

/// Runs random events against the scheduler and against the plainest model of it: lists that are searched
/// from the front.
private struct SchedulerSimulation {
    private struct Node {
        var id: NodeID
        var labels: [String: String]
        var total: Resources
    }

    private struct Waiter {
        var ticket: PlacementTicket
        var request: PlacementRequest
        var deadline: Moment
    }

    private struct Held {
        var demand: Resources
        var node: NodeID
    }

    private static let waitingLimit = 12
    private static let demands: [Resources] = [
        [:], [.cpu: 0.1], [.cpu: 1], [.cpu: 1, .memory: 3], [.cpu: 3], [.gpu: 0.3], [.gpu: 1, .cpu: 0.5],
        [.cpu: 8], [.memory: 7], ["tpu": 1],
    ]
    private static let labels: [[String: String]] = [
        [:], ["zone": "a"], ["zone": "b"], ["zone": "a", "disk": "fast"],
    ]
    private static let totals: [Resources] = [
        [.cpu: 4, .memory: 8], [.cpu: 2, .gpu: 1], [.cpu: 8, .memory: 16, .gpu: 2], [:], [.cpu: 1, "tpu": 2],
    ]

    private var random: SeededRandom
    private var scheduler = ClusterScheduler(waitingLimit: waitingLimit)
    private var waiters: [Waiter] = []
    private var held: [Held] = []
    private var nodes: [Node] = []
    private var departed: [NodeID] = []
    private var now = start
    private var nextNumber: UInt64 = 0
    private var placeCount = 0
    /// The tickets whose request has had its end: each may come in only once.
    private var ended: Set<PlacementTicket> = []
    /// What was decided, to compare two runs of one seed.
    private(set) var log: [String] = []
    private(set) var placedFromLine: [PlacementRequest] = []
    private(set) var longestLine = 0
    private(set) var expiredCount = 0
    private(set) var infeasibleCount = 0
    private(set) var failedByDepartureCount = 0
    private(set) var refusedCount = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func run(eventCount: Int) throws {
        for _ in 0..<eventCount {
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<58: try place()
            case 58..<84: try release()
            case 84..<88: try cancel()
            case 88..<95: try passTime()
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
        placeCount += 1
        let ticket = PlacementTicket(nextNumber)
        let request = PlacementRequest(
            resources: try #require(Self.demands.randomElement(using: &random)),
            placement: try randomPlacement()
        )
        let deadline = now + .milliseconds(Int.random(in: 0..<500, using: &random))
        let expected = try nodeByPolicy(for: request)
        let isFeasible = couldEverFit(request)
        let decision = scheduler.place(request, ticket: ticket, deadline: deadline)
        log.append("place \(request): \(decision)")
        switch decision {
        case .placed(let node):
            try #require(node == expected, "\(request)")
            end(ticket)
            held.append(Held(demand: request.resources, node: node))
        case .waiting:
            #expect(expected == nil && isFeasible && waiters.count < Self.waitingLimit)
            waiters.append(Waiter(ticket: ticket, request: request, deadline: deadline))
        case .infeasible(let error):
            #expect(!isFeasible && error.code == .infeasible && error.message.contains("\(request)"))
            end(ticket)
            infeasibleCount += 1
        case .refused(let error):
            #expect(
                expected == nil && isFeasible && waiters.count == Self.waitingLimit
                    && error.code == .overloaded
            )
            end(ticket)
            refusedCount += 1
        }
    }

    private mutating func randomPlacement() throws -> Placement {
        let known = nodes.map(\.id) + departed.suffix(1)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<35: return .automatic
        case 35..<50: return .spread
        case 50..<65: return .labels(try #require(Self.labels.randomElement(using: &random)))
        default:
            let node = known.randomElement(using: &random) ?? NodeID(0)
            return .node(node, soft: random.chance(percent: 50))
        }
    }

    private mutating func release() throws {
        guard !held.isEmpty else { return }
        let released = held.remove(at: Int.random(in: 0..<held.count, using: &random))
        try expectServed(scheduler.release(released.demand, on: released.node), by: released.node)
    }

    private mutating func cancel() throws {
        guard !waiters.isEmpty else { return }
        let waiter = waiters.remove(at: Int.random(in: 0..<waiters.count, using: &random))
        #expect(scheduler.cancel(waiter.ticket) == true)
        #expect(scheduler.cancel(waiter.ticket) == false)
        end(waiter.ticket)
    }

    private mutating func passTime() throws {
        now = now + .milliseconds(Int.random(in: 0..<60, using: &random))
        let failed = scheduler.timePassed(to: now)
        let expected = waiters.enumerated().filter { $0.element.deadline <= now }
            .sorted { ($0.element.deadline, $0.offset) < ($1.element.deadline, $1.offset) }
            .map(\.element)
        try #require(failed.map(\.ticket) == expected.map(\.ticket))
        for (failure, waiter) in zip(failed, expected) {
            #expect(failure.error.code == .placementTimedOut)
            #expect(failure.error.message.contains("\(waiter.request)"))
            end(failure.ticket)
        }
        waiters.removeAll { $0.deadline <= now }
        expiredCount += failed.count
        log.append("time: \(failed)")
    }

    private mutating func join() throws {
        guard nodes.count < 6 else { return }
        nextNumber += 1
        let node = Node(
            id: NodeID(nextNumber),
            labels: try #require(Self.labels.randomElement(using: &random)),
            total: try #require(Self.totals.randomElement(using: &random))
        )
        nodes.append(node)
        let placed = scheduler.nodeJoined(
            node.id,
            labels: node.labels,
            total: node.total,
            address: "embedded"
        )
        try expectServed(placed, by: node.id)
    }

    private mutating func leave() throws {
        guard let index = nodes.indices.randomElement(using: &random) else { return }
        let node = nodes.remove(at: index).id
        departed.append(node)
        let departure = scheduler.nodeLeft(node)
        // Request by request in the order of their oldest, and each in order of arrival.
        let hopeless = waiters.filter { !couldEverFit($0.request) }
        var requests: [PlacementRequest] = []
        for waiter in hopeless where !requests.contains(waiter.request) { requests.append(waiter.request) }
        let expected = requests.flatMap { request in hopeless.filter { $0.request == request } }
        try #require(departure.failed.map(\.ticket) == expected.map(\.ticket))
        for (failure, waiter) in zip(departure.failed, expected) {
            #expect(failure.error.code == .infeasible)
            #expect(failure.error.message.contains("\(waiter.request)"))
            end(failure.ticket)
        }
        try #require(departure.placed.isEmpty)
        failedByDepartureCount += departure.failed.count
        waiters = waiters.filter { couldEverFit($0.request) }
        // Some of its actors are released after it left, as their deaths come in.
        for lost in held where lost.node == node && random.chance(percent: 50) {
            #expect(scheduler.release(lost.demand, on: node).isEmpty)
        }
        held.removeAll { $0.node == node }
        log.append("left \(node): \(departure)")
    }

    private mutating func end(_ ticket: PlacementTicket) {
        #expect(ended.insert(ticket).inserted, "\(ticket) ended twice")
    }

    // MARK: - What is right

    /// The oldest that fits, again and again: so those with one request are served in order of arrival.
    private mutating func expectServed(_ placements: [PlacementGrant], by id: NodeID) throws {
        let node = try #require(nodes.first { $0.id == id })
        var ledger = try ledger(of: node)
        var expected: [PlacementGrant] = []
        while let index = waiters.firstIndex(where: {
            allows($0.request.placement, node) && ledger.fits($0.request.resources)
        }) {
            let waiter = waiters.remove(at: index)
            try #require(ledger.acquire(waiter.request.resources) == true)
            held.append(Held(demand: waiter.request.resources, node: id))
            expected.append(PlacementGrant(ticket: waiter.ticket, node: id))
            placedFromLine.append(waiter.request)
            end(waiter.ticket)
        }
        try #require(placements == expected)
        log.append("\(id) has room: \(placements)")
    }

    private func allows(_ placement: Placement, _ node: Node) -> Bool {
        switch placement {
        case .automatic, .spread: true
        case .node(let wanted, let soft): soft || wanted == node.id
        case .labels(let labels): Set(labels.keys).allSatisfy { node.labels[$0] == labels[$0] }
        }
    }

    /// Made anew from all that it hosts, one after the other: that fails when the sum is over the total.
    private func ledger(of node: Node) throws -> NodeLedger {
        var ledger = NodeLedger(total: node.total)
        for hosted in held where hosted.node == node.id {
            try #require(ledger.acquire(hosted.demand) == true, "\(node.id) is over-committed")
        }
        return ledger
    }

    private func couldEverFit(_ request: PlacementRequest) -> Bool {
        nodes.contains {
            allows(request.placement, $0) && NodeLedger(total: $0.total).fits(request.resources)
        }
    }

    private func nodeByPolicy(for request: PlacementRequest) throws -> NodeID? {
        // What matters of each node that has room.
        var rooms: [(id: NodeID, count: Int, load: Double)] = []
        for node in nodes where allows(request.placement, node) {
            let ledger = try ledger(of: node)
            guard ledger.fits(request.resources) else { continue }
            rooms.append((node.id, held.count { $0.node == node.id }, ledger.load))
        }
        switch request.placement {
        case .spread: return rooms.min { ($0.count, $0.load) < ($1.count, $1.load) }?.id
        case .node(let wanted, _) where rooms.contains { $0.id == wanted }: return wanted
        case .automatic, .labels, .node:
            if request.resources.isEmpty { return rooms.min { $0.count < $1.count }?.id }
            let idle = rooms.first { $0.load < 0.5 }
            return (idle ?? rooms.min { $0.load < $1.load })?.id
        }
    }

    private mutating func check() throws {
        for node in nodes {
            let ledger = try ledger(of: node)
            try #require(scheduler.ledger(of: node.id) == ledger)
            #expect(scheduler.placementCount(on: node.id) == held.count { $0.node == node.id })
            for waiter in waiters where allows(waiter.request.placement, node) {
                #expect(!ledger.fits(waiter.request.resources), "\(waiter) waits but fits \(node.id)")
            }
        }
        for waiter in waiters { #expect(couldEverFit(waiter.request), "\(waiter) waits in vain") }
        #expect(ended.count + waiters.count == placeCount, "a ticket is lost")
        #expect(scheduler.waitingCount == waiters.count)
        #expect(scheduler.nextDeadline == waiters.map(\.deadline).min())
        var demands: [WaitingDemand] = []
        for waiter in waiters {
            if let index = demands.firstIndex(where: { $0.request == waiter.request }) {
                demands[index].count += 1
            } else {
                demands.append(WaitingDemand(request: waiter.request, count: 1))
            }
        }
        #expect(scheduler.waitingDemands() == demands)
        longestLine = max(longestLine, demands.map(\.count).max() ?? 0)
    }
}

private func kind(of placement: Placement) -> String {
    switch placement {
    case .automatic: "automatic"
    case .spread: "spread"
    case .node(_, soft: false): "on the node"
    case .node(_, soft: true): "rather on the node"
    case .labels: "labels"
    }
}

@Suite("Thousands of random events at the scheduler")
struct ClusterSchedulerRandomTests {
    static let seeds: [UInt64] = [1, 2, 3, 5, 8, 13, 21, 34]

    @Test(
        "reserve no more than there is, keep the order of arrival, leave nobody waiting who fits, end each once",
        arguments: seeds
    )
    func invariants(seed: UInt64) throws {
        var simulation = SchedulerSimulation(seed: seed)
        try simulation.run(eventCount: 4_000)
        try simulation.drain()
        // Or the run has not tried what it is for.
        #expect(simulation.longestLine > 2 && simulation.expiredCount > 10)
        #expect(simulation.infeasibleCount > 0 && simulation.refusedCount > 0)
        #expect(simulation.failedByDepartureCount > 0)
        let kinds = Set(simulation.placedFromLine.map { kind(of: $0.placement) })
        #expect(simulation.placedFromLine.count > 100 && kinds.count == 5)
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
