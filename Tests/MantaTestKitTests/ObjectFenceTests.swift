import MantaTestKit
import MantaTestSupport
import Testing

@Suite("objects of nodes that are declared dead", .timeLimit(.minutes(10)))
struct ObjectFenceTests {
    private static let soon = Duration.milliseconds(300)

    @Test(
        "what only a node held that was declared dead is freed, and what its processes own is gone",
        arguments: TestCluster.Kind.allCases
    )
    func fenced(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind, silence: Self.soon, grace: Self.soon) { test in
                let keeper = try await test.depot(on: 2)
                try await loseNode(keeper, test)
                try await keeper.drop()
                try await test.expectNothingLeft([keeper])
                try await test.heal()
                try await test.eventually(within: .seconds(30)) { test.nodes[1].hasEnded }
                try await test.expectNothingLeft([keeper])
            }
        }
    }

    private func loseNode(_ keeper: Depot, _ test: TestCluster) async throws {
        let lost = try await test.depot(on: 1)
        let theirs = try await lost.make(10_000, of: 1)
        let lasting = try await lost.make(10_000, of: 1, owner: .node)
        let ours = try await keeper.make(10_000, of: 1)
        let own = try await test.cluster.put(Depot.words(10_000, of: 1))
        try await lost.keep([theirs, lasting, ours, own])
        #expect(try await lost.checkKept(of: 1))
        try await keeper.keep([theirs, lasting, ours, own])
        #expect(try await keeper.checkKept(of: 1))
        try await test.partition([0, 2], from: [1])
        for item in [theirs, lasting] {
            try await test.eventually(within: .seconds(30)) {
                await clusterError { _ = try await keeper.check(item, of: 1) }?.code == .ownerDied
            }
        }
        #expect(try await keeper.check(ours, of: 1))
        #expect(try await keeper.check(own, of: 1))
    }

    @Test(
        "references that are dropped behind a short partition are let go of after it",
        arguments: TestCluster.Kind.allCases
    )
    func droppedBehindPartition(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind, silence: Self.soon, grace: .seconds(600)) { test in
                let depots = [try await test.depot(on: 1), try await test.depot(on: 2)]
                try await keepBoth(depots, test)
                try await test.partition([1], from: [2])
                for depot in depots { try await depot.drop() }
                #expect(try await !test.cluster.objects().isEmpty)
                try await test.heal()
                try await test.expectNothingLeft(depots)
            }
        }
    }

    private func keepBoth(_ depots: [Depot], _ test: TestCluster) async throws {
        var items: [Depot.Item] = []
        for depot in depots { items.append(try await depot.make(1000, of: 1)) }
        for depot in depots {
            try await depot.keep(items)
            #expect(try await depot.checkKept(of: 1))
        }
    }
}
