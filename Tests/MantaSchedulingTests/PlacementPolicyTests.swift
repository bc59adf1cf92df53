import MantaCore
import MantaScheduling
import Testing

private let third = NodeID(3)

extension ClusterScheduler {
    /// Nodes 1 and 2 in zone a, node 3 in zone b with a rack.
    fileprivate static func zoned(_ total: Resources = [.cpu: 4]) -> ClusterScheduler {
        var scheduler = ClusterScheduler()
        _ = scheduler.join(total, labels: ["zone": "a"])
        _ = scheduler.join(total, labels: ["zone": "a"])
        _ = scheduler.join(total, labels: ["zone": "b", "rack": "4"])
        return scheduler
    }
}

@Suite("Locality")
struct LocalityTests {
    @Test("an actor goes where its arguments are, while there is room and its placement is automatic")
    func near() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 8], [.cpu: 2], [.cpu: 8])
        #expect(scheduler.place([.cpu: 1], 1, near: second) == .placed(second))
        #expect(scheduler.place([.cpu: 2], 2, near: second) == .placed(first))
        #expect(scheduler.place([:], 3, near: third) == .placed(third))
        #expect(scheduler.place([.cpu: 1], 4, .node(first), near: third) == .placed(first))
        #expect(scheduler.place([.cpu: 1], 5, .spread, near: first) == .placed(third))
        #expect(scheduler.place([.cpu: 1], 6, near: NodeID(9)) == .placed(first))
    }

    @Test("nothing is placed on a node that is drained, and what only that could hold fails")
    func drained() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 8], [.cpu: 2])
        #expect(scheduler.place([.cpu: 8], 1) == .placed(first))
        #expect(scheduler.place([.cpu: 4], 2) == .waiting)
        #expect(scheduler.place([.cpu: 1], 3, .node(first)) == .waiting)
        #expect(scheduler.drain(first).map(\.ticket) == [PlacementTicket(2), PlacementTicket(3)])
        #expect(scheduler.place([.cpu: 1], 4, near: first) == .placed(second))
        #expect(scheduler.release([.cpu: 8], on: first) == [])
        #expect(scheduler.nodes().map(\.state) == [.draining, .alive])
    }
}

@Suite("Spread")
struct SpreadTests {
    @Test("actors go to the node with the fewest actors, whatever these hold")
    func fewestActors() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 8], [.cpu: 8], [.cpu: 8])
        #expect(scheduler.place([.cpu: 6], 1, .spread) == .placed(first))
        #expect(
            (2...3).map { scheduler.place([:], $0, .node(second)) } == [.placed(second), .placed(second)]
        )
        let nodes = (4...7).map { scheduler.place([.cpu: 1], $0, .spread) }
        #expect(nodes == [third, third, first, second].map { .placed($0) })
    }

    @Test("of nodes with equally many actors the least loaded is taken, then the one that joined first")
    func ties() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4], [.cpu: 8], [.cpu: 8])
        for (ticket, node) in [first, second, third].enumerated() {
            #expect(scheduler.place([.cpu: 1], UInt64(ticket), .node(node)) == .placed(node))
        }
        #expect(scheduler.place([:], 4, .spread) == .placed(second))
        #expect(scheduler.place([:], 5, .spread) == .placed(third))
        #expect(scheduler.place([:], 6, .spread) == .placed(first))
    }

    @Test("a full node is passed over, and when all are full any that gets room is taken")
    func full() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], [.cpu: 4])
        let nodes = (1...4).map { scheduler.place([.cpu: 1], $0, .spread) }
        #expect(nodes == [first, second, second, second].map { .placed($0) })
        #expect(scheduler.place([.cpu: 2], 5, .spread, within: .seconds(1)) == .waiting)
        #expect(scheduler.place([.cpu: 2], 6, .spread) == .waiting)
        let error = ClusterError(
            .placementTimedOut,
            "[cpu: 2] (spread) was not free on any node in time: "
                + "node-2, the nearest, lacks cpu: 1 of 2 (it now has 1)",
            hint: "ask for less, stop actors that hold it, add a node, or raise placementTimeout"
        )
        #expect(scheduler.timePassed(to: start + .seconds(1)).map(\.error) == [error])
        #expect(scheduler.release([.cpu: 1], on: first).isEmpty)
        #expect(scheduler.release([.cpu: 1], on: second) == [placement(6, on: second)])
    }

    @Test("what no node could ever hold fails, and the message says that it was to be spread")
    func infeasible() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        let error = ClusterError(
            .infeasible,
            "no node can ever hold [cpu: 2] (spread): node-1, the nearest, lacks cpu: 1 of 2 (it has 1)",
            hint: "ask for at most cpu: 1, or start a node that offers [cpu: 2]"
        )
        #expect(scheduler.place([.cpu: 2], 1, .spread) == .infeasible(error))
    }
}

@Suite("On a certain node")
struct NodePlacementTests {
    @Test("the node is taken although others come before it")
    func takesIt() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4], [.cpu: 4])
        #expect(scheduler.place([.cpu: 1], 1, .node(second)) == .placed(second))
        #expect(scheduler.place([.cpu: 3], 2, .node(second, soft: true)) == .placed(second))
        #expect(scheduler.place([:], 3, .node(second)) == .placed(second))
    }

    @Test("one that must be there waits for it while other nodes have room")
    func waits() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 4], [.cpu: 2])
        #expect(scheduler.place([.cpu: 2], 1, .node(second)) == .placed(second))
        #expect(scheduler.place([.cpu: 1], 2, .node(second)) == .waiting)
        #expect(scheduler.place([.cpu: 1], 3) == .placed(first))
        #expect(scheduler.release([.cpu: 1], on: first).isEmpty)
        #expect(scheduler.join([.cpu: 8]).isEmpty)
        #expect(scheduler.release([.cpu: 2], on: second) == [placement(2, on: second)])
    }

    @Test("those who wait for one node do not hold up those who ask for the same elsewhere")
    func linesOfTheirOwn() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], [.cpu: 1])
        #expect((1...2).map { scheduler.place([.cpu: 1], $0) } == [.placed(first), .placed(second)])
        #expect(scheduler.place([.cpu: 1], 3, .node(second)) == .waiting)
        #expect(scheduler.place([.cpu: 1], 4) == .waiting)
        #expect(scheduler.place([.cpu: 1], 5, .node(second)) == .waiting)
        #expect(
            scheduler.waitingDemands() == [
                WaitingDemand(
                    request: PlacementRequest(resources: [.cpu: 1], placement: .node(second)),
                    count: 2
                ),
                WaitingDemand(request: PlacementRequest(resources: [.cpu: 1]), count: 1),
            ]
        )
        #expect(scheduler.release([.cpu: 1], on: first) == [placement(4, on: first)])
        #expect(scheduler.release([.cpu: 1], on: second) == [placement(3, on: second)])
    }

    @Test("one that would rather be there goes elsewhere while it is full, too small or gone")
    func softGoesElsewhere() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 8], [.cpu: 2])
        #expect(scheduler.place([.cpu: 2], 1, .node(second, soft: true)) == .placed(second))
        #expect(scheduler.place([.cpu: 1], 2, .node(second, soft: true)) == .placed(first))
        #expect(scheduler.place([.cpu: 3], 3, .node(second, soft: true)) == .placed(first))
        #expect(scheduler.place([.cpu: 1], 4, .node(NodeID(99), soft: true)) == .placed(first))
        #expect(scheduler.nodeLeft(second) == NodeDeparture())
        #expect(scheduler.place([.cpu: 1], 5, .node(second, soft: true)) == .placed(first))
    }

    @Test("one that would rather be there waits only when all are full, and takes what is free first")
    func softWaits() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], [.cpu: 1])
        #expect((1...2).map { scheduler.place([.cpu: 1], $0) } == [.placed(first), .placed(second)])
        #expect(scheduler.place([.cpu: 1], 3, .node(second, soft: true)) == .waiting)
        #expect(scheduler.place([.cpu: 1], 4, .node(second, soft: true)) == .waiting)
        #expect(scheduler.release([.cpu: 1], on: first) == [placement(3, on: first)])
        #expect(scheduler.nodeLeft(second) == NodeDeparture())
        #expect(scheduler.release([.cpu: 1], on: first) == [placement(4, on: first)])
    }

    @Test("one that would rather be there fails only when no node could ever hold it")
    func softInfeasible() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], [.cpu: 2])
        let error = ClusterError(
            .infeasible,
            "no node can ever hold [cpu: 3] (preferably on node-1): "
                + "node-2, the nearest, lacks cpu: 1 of 3 (it has 2)",
            hint: "ask for at most cpu: 2, or start a node that offers [cpu: 3]"
        )
        #expect(scheduler.place([.cpu: 3], 1, .node(first, soft: true)) == .infeasible(error))
        #expect(scheduler.place([.cpu: 2], 2) == .placed(second))
        #expect(scheduler.place([.cpu: 2], 3, .node(second, soft: true)) == .waiting)
        let departure = scheduler.nodeLeft(second)
        #expect(departure.failed.map(\.ticket.rawValue) == [3])
        #expect(departure.failed.map(\.error.code) == [.infeasible])
    }

    @Test("a node that is not in the cluster can hold nothing that must be there")
    func unknownNode() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1])
        let error = ClusterError(
            .infeasible,
            "no node can hold [] (only on node-7): node-7 has left the cluster, or never joined it",
            hint: "choose a node that nodes() lists, or allow other nodes with soft: true"
        )
        #expect(scheduler.place([:], 1, .node(NodeID(7))) == .infeasible(error))
        var empty = ClusterScheduler()
        #expect(empty.place([:], 1, .node(NodeID(7))) == .infeasible(error))
    }

    @Test("a node that is too small fails what must be there, and says what it lacks")
    func tooSmall() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 8], [.cpu: 2])
        let error = ClusterError(
            .infeasible,
            "no node can ever hold [cpu: 4, gpu: 1] (only on node-2): "
                + "node-2 lacks cpu: 2 of 4 (it has 2), gpu: 1 of 1 (it has none)",
            hint: "ask for at most cpu: 2, no gpu, or allow other nodes with soft: true"
        )
        #expect(scheduler.place([.cpu: 4, .gpu: 1], 1, .node(second)) == .infeasible(error))
    }

    @Test("those that wait for a node fail when it leaves")
    func nodeLeaves() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 1], [.cpu: 1])
        #expect((1...2).map { scheduler.place([.cpu: 1], $0) } == [.placed(first), .placed(second)])
        #expect(scheduler.place([.cpu: 1], 3, .node(second)) == .waiting)
        #expect(scheduler.place([.cpu: 1], 4, .node(first)) == .waiting)
        #expect(scheduler.place([.cpu: 1], 5, .node(second)) == .waiting)
        let error = ClusterError(
            .infeasible,
            "no node can hold [cpu: 1] (only on node-2): node-2 has left the cluster, or never joined it",
            hint: "choose a node that nodes() lists, or allow other nodes with soft: true"
        )
        let failed = [3, 5].map { FailedPlacement(ticket: PlacementTicket($0), error: error) }
        #expect(scheduler.nodeLeft(second) == NodeDeparture(failed: failed))
        #expect(scheduler.waitingCount == 1)
    }

    @Test("one that waited for a node in vain learns what that node was short of")
    func timesOut() {
        var scheduler = ClusterScheduler(nodes: [.cpu: 8], [.cpu: 2])
        #expect(scheduler.place([.cpu: 1], 1, .node(second)) == .placed(second))
        #expect(scheduler.place([.cpu: 2], 2, .node(second), within: .seconds(1)) == .waiting)
        let error = ClusterError(
            .placementTimedOut,
            "[cpu: 2] (only on node-2) was not free in time: node-2 lacks cpu: 1 of 2 (it now has 1)",
            hint: "ask for less, stop actors that hold it, allow other nodes with soft: true, "
                + "or raise placementTimeout"
        )
        #expect(scheduler.timePassed(to: start + .seconds(1)).map(\.error) == [error])
    }
}

@Suite("On nodes with labels")
struct LabelPlacementTests {
    @Test("actors are packed, then spread, among the nodes that carry all the labels")
    func amongLabelled() {
        var scheduler = ClusterScheduler.zoned()
        #expect(scheduler.place([.cpu: 1], 1, .labels(["zone": "b"])) == .placed(third))
        #expect(scheduler.place([.cpu: 1], 2, .labels(["zone": "b", "rack": "4"])) == .placed(third))
        let nodes = (3...6).map { scheduler.place([.cpu: 1], $0, .labels(["zone": "a"])) }
        #expect(nodes == [first, first, second, second].map { .placed($0) })
        #expect(scheduler.place([:], 7, .labels(["rack": "4"])) == .placed(third))
    }

    @Test("no labels at all are carried by every node")
    func noLabels() {
        var scheduler = ClusterScheduler.zoned()
        #expect(scheduler.place([.cpu: 1], 1, .labels([:])) == .placed(first))
    }

    @Test("those that wait are given no node without the labels, and one that joins with them at once")
    func waits() {
        var scheduler = ClusterScheduler.zoned([.cpu: 1])
        for (ticket, node) in [first, second, third].enumerated() {
            #expect(scheduler.place([.cpu: 1], UInt64(ticket)) == .placed(node))
        }
        for ticket: UInt64 in 3...5 {
            #expect(scheduler.place([.cpu: 1], ticket, .labels(["zone": "b"])) == .waiting)
        }
        #expect(scheduler.release([.cpu: 1], on: first).isEmpty)
        #expect(scheduler.release([.cpu: 1], on: third) == [placement(3, on: third)])
        #expect(scheduler.join([.cpu: 9], labels: ["zone": "a", "rack": "4"]).isEmpty)
        let served = scheduler.join([.cpu: 1], labels: ["zone": "b"])
        #expect(served == [placement(4, on: NodeID(5))])
    }

    @Test("labels that no node carries fail at once, and the message names the nearest node")
    func noSuchLabels() {
        var scheduler = ClusterScheduler.zoned()
        let error = ClusterError(
            .infeasible,
            "no node can hold [cpu: 1] (only on nodes labelled [disk: fast, rack: 4, zone: a]): "
                + "none carries all these labels; node-3, the nearest, lacks "
                + "disk: fast (it has none), zone: a (it has b)",
            hint: "ask for other labels, or start a node that offers [cpu: 1] "
                + "and is labelled [disk: fast, rack: 4, zone: a]"
        )
        _ = scheduler.nodeLeft(first)
        _ = scheduler.nodeLeft(second)
        let placement = Placement.labels(["zone": "a", "rack": "4", "disk": "fast"])
        #expect(scheduler.place([.cpu: 1], 1, placement) == .infeasible(error))
    }

    @Test("who asks for labels and no resources is advised to start a node with the labels")
    func labelsAlone() {
        var scheduler = ClusterScheduler.zoned()
        let error = ClusterError(
            .infeasible,
            "no node can hold [] (only on nodes labelled [disk: fast]): "
                + "none carries all these labels; node-1, the nearest, lacks disk: fast (it has none)",
            hint: "ask for other labels, or start a node that is labelled [disk: fast]"
        )
        #expect(scheduler.place([:], 1, .labels(["disk": "fast"])) == .infeasible(error))
    }

    @Test("labelled nodes that are too small fail what is asked for, though others could hold it")
    func tooSmall() {
        var scheduler = ClusterScheduler.zoned()
        _ = scheduler.join([.cpu: 64])
        let error = ClusterError(
            .infeasible,
            "no node can ever hold [cpu: 8] (only on nodes labelled [zone: b]): "
                + "node-3, the nearest, lacks cpu: 4 of 8 (it has 4)",
            hint: "ask for at most cpu: 4, or start a node that offers [cpu: 8] and is labelled [zone: b]"
        )
        #expect(scheduler.place([.cpu: 8], 1, .labels(["zone": "b"])) == .infeasible(error))
    }

    @Test("a cluster without nodes carries no labels")
    func noNodes() {
        var scheduler = ClusterScheduler()
        let error = ClusterError(
            .infeasible,
            "no node can hold [cpu: 1] (only on nodes labelled [zone: b]): the cluster has no nodes",
            hint: "start a node that offers [cpu: 1] and is labelled [zone: b]"
        )
        #expect(scheduler.place([.cpu: 1], 1, .labels(["zone": "b"])) == .infeasible(error))
    }

    @Test("those that wait fail when the last node with their labels leaves")
    func lastLeaves() {
        var scheduler = ClusterScheduler.zoned([.cpu: 1])
        #expect(scheduler.place([.cpu: 1], 1, .labels(["zone": "b"])) == .placed(third))
        #expect(scheduler.place([.cpu: 1], 2, .labels(["zone": "b"])) == .waiting)
        #expect(scheduler.nodeLeft(first) == NodeDeparture())
        let departure = scheduler.nodeLeft(third)
        #expect(departure.placed.isEmpty && departure.failed.map(\.ticket.rawValue) == [2])
        #expect(departure.failed.map(\.error.code) == [.infeasible])
    }

    @Test("one that waited in vain learns which labelled node came nearest")
    func timesOut() {
        var scheduler = ClusterScheduler.zoned([.cpu: 2])
        #expect(scheduler.place([.cpu: 1], 1, .labels(["zone": "b"])) == .placed(third))
        #expect(scheduler.place([.cpu: 2], 2, .labels(["zone": "b"]), within: .seconds(1)) == .waiting)
        let error = ClusterError(
            .placementTimedOut,
            "[cpu: 2] (only on nodes labelled [zone: b]) was not free on any node in time: "
                + "node-3, the nearest, lacks cpu: 1 of 2 (it now has 1)",
            hint: "ask for less, stop actors that hold it, add a node with these labels, "
                + "or raise placementTimeout"
        )
        #expect(scheduler.timePassed(to: start + .seconds(1)).map(\.error) == [error])
    }
}

@Suite("Many nodes and many that wait")
struct SchedulerScaleTests {
    @Test(
        "a hundred thousand of all kinds that wait for two hundred nodes get their place",
        .timeLimit(.minutes(10))
    )
    func everyoneIsPlaced() {
        var scheduler = ClusterScheduler()
        let nodes = (1...200).map { NodeID(UInt64($0)) }
        for (index, node) in nodes.enumerated() {
            let joined = scheduler.nodeJoined(
                node,
                labels: ["zone": index % 2 == 0 ? "a" : "b"],
                total: [.cpu: 100_000],
                address: "embedded"
            )
            #expect(joined.isEmpty)
            #expect(scheduler.place([.cpu: 100_000], UInt64(index), .node(node)) == .placed(node))
        }
        for ticket: UInt64 in 1_000..<101_000 {
            let node = nodes[Int(ticket) % nodes.count]
            let placements: [Placement] = [
                .automatic, .spread, .node(node), .node(node, soft: true), .labels(["zone": "a"]),
            ]
            let placement = placements[Int(ticket / 7) % placements.count]
            #expect(scheduler.place([.cpu: 1], ticket, placement) == .waiting)
        }
        let placed = nodes.flatMap { scheduler.release([.cpu: 100_000], on: $0) }
        #expect(placed.count == 100_000 && Set(placed.map(\.ticket)).count == 100_000)
        #expect(scheduler.waitingCount == 0 && scheduler.nextDeadline == nil)
        #expect(scheduler.totals.available == [.cpu: 19_900_000])
    }
}
