import MantaTestKit
import MantaTestSupport
import Testing

@Suite("objects of several nodes", .timeLimit(.minutes(10)))
struct ObjectNodeTests {
    private static let never = Duration.seconds(600)

    @Test(
        "objects, large arguments and large results cross nodes, and leave nothing",
        arguments: TestCluster.Kind.allCases
    )
    func exchange(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                let depots = [try await test.depot(on: 0), try await test.depot(on: 1)]
                try await cross(depots, test)
                try await test.expectNothingLeft(depots)
            }
        }
    }

    private func cross(_ depots: [Depot], _ test: TestCluster) async throws {
        let made = try await depots[0].make(300_000, of: 5)
        let own = try await test.cluster.put(Depot.words(100_000, of: 6))
        for depot in depots {
            #expect(try await depot.check(made, of: 5))
            #expect(try await depot.check(own, of: 6))
        }
        #expect(try await made.get() == Depot.words(300_000, of: 5))
        for (from, to) in [(0, 1), (1, 0)] {
            let words = try await depots[from].large(200_000, of: 7)
            #expect(words == Depot.words(200_000, of: 7))
            #expect(try await depots[to].weigh(words) == 200_000)
            let parcel = Depot.Parcel(words: words, items: [made, own])
            let back = try await depots[to].turn(parcel, after: 0)
            #expect(back.items == parcel.items)
            #expect(back.words == words)
        }
    }

    @Test(
        "fifty who read one object of another node at once wait for one transfer",
        arguments: TestCluster.Kind.allCases
    )
    func shared(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                let depots = [
                    try await test.depot(on: 0), try await test.depot(on: 1), try await test.depot(on: 1),
                ]
                try await readAtOnce(depots, test)
                try await test.expectNothingLeft(depots)
            }
        }
    }

    private func readAtOnce(_ depots: [Depot], _ test: TestCluster) async throws {
        let item = try await depots[0].make(500_000, of: 9)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<50 {
                group.addTask { try await depots[1 + index % 2].check(item, of: 9) }
            }
            for try await isRight in group { #expect(isRight) }
        }
        let copies = try await test.cluster.objects()
        #expect(copies.count == 2)
        #expect(copies.filter { $0.copy == .secondary }.map(\.node) == [test.nodes[1].id])
    }

    @Test(
        "an object ends with the node of its owner, also for those who have a copy",
        arguments: TestCluster.Kind.allCases,
        [ObjectOwner.process, .node]
    )
    func ownersNode(kind: TestCluster.Kind, owner: ObjectOwner) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind) { test in
                let keepers = [try await test.depot(on: 0), try await test.depot(on: 2)]
                try await loseOwner(owner, keepers, test)
                for keeper in keepers { try await keeper.drop() }
                try await test.expectNothingLeft(keepers)
            }
        }
    }

    private func loseOwner(_ owner: ObjectOwner, _ keepers: [Depot], _ test: TestCluster) async throws {
        let maker = try await test.depot(on: 1)
        let item = try await maker.make(100_000, of: 1, owner: owner)
        // One has a copy, the other only a reference.
        #expect(try await keepers[0].check(item, of: 1))
        for keeper in keepers { try await keeper.keep([item]) }
        try await test.killWorker(of: maker)
        if owner == .node {
            try await test.eventually { try await keepers[0].checkKept(of: 1) }
        } else {
            try await gone(item, keepers, test)
        }
        try await test.nodes[1].kill()
        try await gone(item, keepers, test)
    }

    private func gone(_ item: Depot.Item, _ keepers: [Depot], _ test: TestCluster) async throws {
        for keeper in keepers {
            try await test.eventually(within: .seconds(30)) {
                await clusterError { _ = try await keeper.checkKept(of: 1) }?.code == .ownerDied
            }
        }
        try await test.eventually(within: .seconds(30)) {
            await clusterError { _ = try await item.get() }?.code == .ownerDied
        }
    }

    @Test(
        "a worker that starts after the end of an owner is told of it, and remembers nothing",
        arguments: TestCluster.Kind.allCases
    )
    func lateWorker(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                let late = try await learnLate(test)
                try await test.expectNothingLeft(late)
            }
        }
    }

    private func learnLate(_ test: TestCluster) async throws -> [Depot] {
        let maker = try await test.depot(on: 1)
        let item = try await maker.make(100, of: 1)
        try await test.killWorker(of: maker)
        try await test.eventually { await clusterError { _ = try await item.get() }?.code == .ownerDied }
        var late: [Depot] = []
        for number in [0, 1] {
            let depot = try await test.depot(on: number)
            // A node may hear of the end a moment later than the driver does.
            try await test.eventually {
                await clusterError { _ = try await depot.check(item, of: 1) }?.code == .ownerDied
            }
            late.append(depot)
        }
        return late
    }
}
