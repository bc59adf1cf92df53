import MantaCore
import MantaScheduling
import Testing

private let later = start + .seconds(30)

private func waits(_ demand: Resources, _ count: Int) -> WaitingDemand {
    WaitingDemand(request: PlacementRequest(resources: demand), count: count)
}

@Suite("Placing")
struct PlacingTests {
    @Test("what is placed is reserved at once")
    func reserves() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        #expect(scheduler.ledger(of: first)?.available == [:])
        #expect(scheduler.place([.cpu: 1], 2) == .waiting)
    }

    @Test("actors are packed on the first node until it is half full, then spread")
    func packThenSpread() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4], [.cpu: 4])
        let nodes = (1...8).map { scheduler.place([.cpu: 1], $0) }
        #expect(
            nodes == [first, first, second, second, first, second, first, second].map { .placed($0) }
        )
    }

    @Test("the busiest resource counts, not the one that is asked for")
    func busiestResource() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 10, .memory: 10], [.cpu: 10, .memory: 10])
        #expect(scheduler.place([.memory: 6], 1) == .placed(first))
        #expect(scheduler.place([.cpu: 1], 2) == .placed(second))
    }

    @Test("a node that lacks the resource is passed over")
    func passesOver() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 8], [.cpu: 8, .gpu: 1])
        #expect(scheduler.place([.cpu: 1, .gpu: 1], 1) == .placed(second))
    }

    @Test("actors that hold nothing go where the fewest actors are")
    func emptyDemands() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4], [.cpu: 4], [:])
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        let nodes = (2...6).map { scheduler.place([:], $0) }
        #expect(nodes == [NodeID(2), NodeID(3), NodeID(1), NodeID(2), NodeID(3)].map { .placed($0) })
        #expect(scheduler.release([:], on: second).isEmpty)
        #expect(scheduler.place([:], 7) == .placed(second))
    }

    @Test("what no node could ever hold fails at once, and says what the nearest node lacks")
    func infeasible() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], [.cpu: 2], [.gpu: 1])
        let error = ClusterError(
            .infeasible,
            "no node can ever hold [cpu: 64]: node-2, the nearest, lacks cpu: 62 of 64 (it has 2)",
            hint: "ask for at most cpu: 2, or start a node that offers [cpu: 64]"
        )
        #expect(scheduler.place([.cpu: 64], 1) == .infeasible(error))
        #expect(scheduler.waitingCount == 0)
    }

    @Test("the nearest node is the one with the smallest share missing, over all resources")
    func nearest() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 8], [.cpu: 2, .gpu: 1])
        let error = ClusterError(
            .infeasible,
            "no node can ever hold [cpu: 4, gpu: 1, tpu: 2]: "
                + "node-2, the nearest, lacks cpu: 2 of 4 (it has 2), tpu: 2 of 2 (it has none)",
            hint: "ask for at most cpu: 2, no tpu, or start a node that offers [cpu: 4, gpu: 1, tpu: 2]"
        )
        #expect(scheduler.place([.cpu: 4, .gpu: 1, "tpu": 2], 1) == .infeasible(error))
    }

    @Test("a cluster without nodes can hold nothing")
    func noNodes() {
        var scheduler = ClusterScheduler()
        let error = ClusterError(
            .infeasible,
            "no node can hold []: the cluster has no nodes",
            hint: "start a node"
        )
        #expect(scheduler.place([:], 1) == .infeasible(error))
    }

    @Test("less than zero of a resource is refused")
    func negative() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        let error = ClusterError(.invalidArgument, "[cpu: -1] asks for less than zero of a resource")
        #expect(scheduler.place([.cpu: -1], 1) == .refused(error))
    }

    @Test("past the limit those that would wait are refused, and those that fit are placed")
    func overloaded() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 2], waitingLimit: 2)
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        #expect((2...3).map { scheduler.place([.cpu: 2], $0) } == [.waiting, .waiting])
        let error = ClusterError(
            .overloaded,
            "[cpu: 2] would have to wait, and 2 wait already, which is the limit",
            hint: "spawn fewer at a time, or add nodes"
        )
        #expect(scheduler.place([.cpu: 2], 4) == .refused(error))
        #expect(scheduler.place([.cpu: 1], 5) == .placed(first))
        #expect(scheduler.cancel(PlacementTicket(2)) == true)
        #expect(scheduler.place([.cpu: 2], 6) == .waiting)
    }

    @Test("listings show the nodes in the order in which they joined, with what is free")
    func nodes() {
        var scheduler = ClusterScheduler()
        let address = "10.0.0.2:6379"
        _ = scheduler.nodeJoined(second, labels: ["zone": "a"], total: [.cpu: 2], address: address)
        _ = scheduler.nodeJoined(first, labels: [:], total: [.cpu: 4], address: "embedded")
        #expect(scheduler.place([.cpu: 1], 1) == .placed(second))
        let nodes = scheduler.nodes()
        #expect(nodes.map(\.id) == [second, first] && nodes.map(\.address) == [address, "embedded"])
        #expect(nodes.map(\.labels) == [["zone": "a"], [:]])
        #expect(
            nodes.map(\.total) == [[.cpu: 2], [.cpu: 4]] && nodes.map(\.available) == [[.cpu: 1], [.cpu: 4]]
        )
    }

    @Test("totals add up what all nodes offer, and what of it is free")
    func totals() {
        var scheduler = ClusterScheduler()
        #expect(scheduler.totals == (total: [:], available: [:]))
        _ = scheduler.join([.cpu: 2, .gpu: 1])
        _ = scheduler.join([.cpu: 0.5, "tpu": Quantity(units: .max)])
        _ = scheduler.join(["tpu": Quantity(units: .max)])
        #expect(scheduler.place([.gpu: 1, .cpu: 0.5], 1) == .placed(first))
        #expect(scheduler.totals.total == [.cpu: 2.5, .gpu: 1, "tpu": Quantity(units: .max)])
        #expect(scheduler.totals.available == [.cpu: 2, "tpu": Quantity(units: .max)])
        #expect(scheduler.available(on: first) == [.cpu: 1.5])
        #expect(scheduler.available(on: NodeID(9)) == nil)
    }
}

@Suite("Waiting for a place")
struct WaitingTests {
    @Test("those that ask for the same are served in the order in which they came")
    func arrivalOrder() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 9) == .placed(first))
        #expect([5, 3, 4].map { scheduler.place([.cpu: 1], $0) } == [.waiting, .waiting, .waiting])
        let served = (1...3).flatMap { _ in scheduler.release([.cpu: 1], on: first) }
        #expect(served == [placement(5, on: first), placement(3, on: first), placement(4, on: first)])
    }

    @Test("a large demand at the head of its line does not hold up smaller ones")
    func largeDoesNotBlock() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4])
        #expect((1...4).map { scheduler.place([.cpu: 1], $0) } == Array(repeating: .placed(first), count: 4))
        #expect(scheduler.place([.cpu: 4], 10) == .waiting)
        #expect(scheduler.place([.cpu: 1], 11) == .waiting)
        #expect(scheduler.release([.cpu: 1], on: first) == [placement(11, on: first)])
        #expect(scheduler.waitingDemands() == [waits([.cpu: 4], 1)])
    }

    @Test("between demands that fit, the oldest goes first")
    func oldestFirst() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4])
        #expect(scheduler.place([.cpu: 4], 1) == .placed(first))
        #expect(scheduler.place([.cpu: 2], 2) == .waiting)
        #expect(scheduler.place([.cpu: 1], 3) == .waiting)
        #expect(scheduler.place([.cpu: 2], 4) == .waiting)
        #expect(scheduler.place([.cpu: 1], 5) == .waiting)
        // 2 and 3 leave one core: too little for 4, enough for 5.
        let served = scheduler.release([.cpu: 4], on: first)
        #expect(served == [2, 3, 5].map { placement($0, on: first) })
    }

    @Test("a node that joins takes those that wait, as far as it has room")
    func nodeJoined() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        for ticket: UInt64 in 2...4 { #expect(scheduler.place([.cpu: 1], ticket) == .waiting) }
        let served = scheduler.join([.cpu: 2])
        #expect(served == [placement(2, on: second), placement(3, on: second)])
        #expect(scheduler.waitingCount == 1)
    }

    @Test("a node that joins twice keeps what it has")
    func joinsTwice() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        #expect(scheduler.place([.cpu: 1], 2) == .waiting)
        #expect(
            scheduler.nodeJoined(first, labels: ["zone": "a"], total: [.cpu: 8], address: "embedded").isEmpty
        )
        #expect(scheduler.nodes().map(\.total) == [[.cpu: 1]])
        #expect(scheduler.nodes().map(\.labels) == [[:]])
    }

    @Test("when a node leaves, those fail that only it could ever hold")
    func nodeLeft() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], [.cpu: 4])
        #expect(scheduler.place([.cpu: 4], 1) == .placed(second))
        #expect(scheduler.place([.cpu: 1], 2) == .placed(first))
        #expect(scheduler.place([.cpu: 3], 3) == .waiting)
        #expect(scheduler.place([.cpu: 1], 4) == .waiting)
        #expect(scheduler.place([.cpu: 2], 5) == .waiting)
        #expect(scheduler.place([.cpu: 3], 6) == .waiting)
        let departure = scheduler.nodeLeft(second)
        let failed = departure.failed
        #expect(departure.placed.isEmpty)
        #expect(failed.map(\.ticket.rawValue) == [3, 6, 5])
        #expect(failed.allSatisfy { $0.error.code == .infeasible })
        #expect(scheduler.waitingDemands() == [waits([.cpu: 1], 1)])
        #expect(!scheduler.contains(second) && scheduler.ledger(of: second) == nil)
    }

    @Test("what a node held when it left may still be released, without effect")
    func releaseAfterNodeLeft() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], [.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        #expect(scheduler.nodeLeft(first) == NodeDeparture())
        #expect(scheduler.release([.cpu: 1], on: first).isEmpty)
        #expect(scheduler.nodeLeft(first) == NodeDeparture())
        #expect(scheduler.nodes().map(\.available) == [[.cpu: 1]])
    }

    @Test("one that cancels leaves the line, and those behind it move up")
    func cancel() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        for ticket: UInt64 in 2...5 { #expect(scheduler.place([.cpu: 1], ticket) == .waiting) }
        for ticket: UInt64 in [3, 2, 5] { #expect(scheduler.cancel(PlacementTicket(ticket)) == true) }
        #expect(scheduler.cancel(PlacementTicket(3)) == false)
        #expect(scheduler.place([.cpu: 1], 3) == .waiting)
        let served = (1...2).flatMap { _ in scheduler.release([.cpu: 1], on: first) }
        #expect(served == [placement(4, on: first), placement(3, on: first)])
    }

    @Test("cancelling what has its place says so, and gives nothing back")
    func cancelPlaced() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        #expect(scheduler.cancel(PlacementTicket(1)) == false)
        #expect(scheduler.ledger(of: first)?.available == [:])
    }

    @Test("those whose deadline comes fail in the order of their deadlines, and say what was short")
    func expiry() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4, .gpu: 1], [.cpu: 2])
        #expect(scheduler.place([.cpu: 3], 1) == .placed(first))
        #expect(scheduler.place([.cpu: 3], 2, within: .seconds(3)) == .waiting)
        #expect(scheduler.place([.cpu: 4], 3, within: .seconds(1)) == .waiting)
        #expect(scheduler.place([.cpu: 3], 4, within: .seconds(2)) == .waiting)
        #expect(scheduler.nextDeadline == start + .seconds(1))
        #expect(scheduler.timePassed(to: start + .milliseconds(999)).isEmpty)
        let failed = scheduler.timePassed(to: start + .seconds(2))
        #expect(failed.map(\.ticket.rawValue) == [3, 4])
        #expect(
            failed.last?.error
                == ClusterError(
                    .placementTimedOut,
                    "[cpu: 3] was not free on any node in time: "
                        + "node-1, the nearest, lacks cpu: 2 of 3 (it now has 1)",
                    hint: "ask for less, stop actors that hold it, add a node, or raise placementTimeout"
                )
        )
        #expect(scheduler.nextDeadline == start + .seconds(3))
        #expect(scheduler.release([.cpu: 3], on: first) == [placement(2, on: first)])
        #expect(scheduler.nextDeadline == nil)
        #expect(scheduler.timePassed(to: later).isEmpty)
    }

    @Test("a ticket that waits a second time has its second deadline")
    func ticketReused() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        #expect(scheduler.place([.cpu: 1], 3, within: .seconds(1)) == .waiting)
        #expect(scheduler.place([.cpu: 1], 2, within: .seconds(2)) == .waiting)
        #expect(scheduler.cancel(PlacementTicket(2)) == true)
        #expect(scheduler.place([.cpu: 1], 2, within: .seconds(9)) == .waiting)
        #expect(scheduler.timePassed(to: start + .seconds(2)).map(\.ticket.rawValue) == [3])
        #expect(scheduler.nextDeadline == start + .seconds(9))
    }

    @Test("thousands that come and go leave those who stay their deadlines")
    func manyCancelled() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], waitingLimit: 20)
        #expect(scheduler.place([.cpu: 1], 1) == .placed(first))
        // The first to expire stays, so that those behind it are not tidied away as they come to the front.
        for ticket: UInt64 in 2...10 {
            #expect(scheduler.place([.cpu: 1], ticket, within: .seconds(100 - Int(ticket))) == .waiting)
        }
        for ticket: UInt64 in 100..<5_000 {
            #expect(scheduler.place([.cpu: 1], ticket, within: .seconds(1_000 + Int(ticket) % 7)) == .waiting)
            #expect(scheduler.cancel(PlacementTicket(ticket)) == true)
        }
        #expect(scheduler.nextDeadline == start + .seconds(90))
        let failed = scheduler.timePassed(to: start + .seconds(2_000))
        #expect(failed.map(\.ticket.rawValue) == [10, 9, 8, 7, 6, 5, 4, 3, 2])
        #expect(scheduler.nextDeadline == nil)
    }

    @Test("what is waited for is listed by the longest wait")
    func waitingDemands() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4])
        #expect(scheduler.place([.cpu: 4], 1) == .placed(first))
        for (ticket, demand) in [[.cpu: 2], [.cpu: 1], [.cpu: 2], [.cpu: 3]].enumerated()
            as EnumeratedSequence<[Resources]>
        {
            #expect(scheduler.place(demand, UInt64(ticket + 2)) == .waiting)
        }
        #expect(
            scheduler.waitingDemands() == [
                waits([.cpu: 2], 2),
                waits([.cpu: 1], 1),
                waits([.cpu: 3], 1),
            ]
        )
    }

    @Test("waiting twice under one ticket stops the process")
    func duplicateTicket() async {
        await #expect(processExitsWith: .failure) {
            var scheduler = ClusterScheduler()
            let ticket = PlacementTicket(1)
            let request = PlacementRequest(resources: [.cpu: 1])
            _ = scheduler.nodeJoined(NodeID(1), labels: [:], total: [.cpu: 1], address: "embedded")
            for _ in 0..<3 { _ = scheduler.place(request, ticket: ticket, deadline: .distantFuture) }
        }
    }
}
