import MantaTestKit
import MantaTestSupport
import Testing

@Suite("nodes that are silent for a while", .timeLimit(.minutes(10)))
struct SilenceTests {
    private static let soon = Duration.milliseconds(300)
    private static let never = Duration.seconds(600)

    @Test(
        "an actor of a paused node goes on elsewhere, and the node is fenced",
        arguments: TestCluster.Kind.allCases
    )
    func pause(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind, silence: Self.soon, grace: Self.soon) { test in
                let tally = try await test.spawnTally(on: 1, name: "tally", start: 5)
                #expect(try await tally.add(1) == 6)
                try await test.nodes[1].pause()
                try await test.waitForRestart(of: tally, awayFrom: 1)
                #expect(try await tally.add(1) == 6)
                try await test.nodes[1].resume()
                try await checkFenced(1, tally, test)
            }
        }
    }

    @Test(
        "a node that is paused for less than the bounds loses nothing",
        arguments: TestCluster.Kind.allCases
    )
    func shortPause(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind, silence: Self.soon, grace: Self.never) { test in
                let tally = try await test.spawnTally(on: 1)
                #expect(try await tally.add(1) == 1)
                try await test.nodes[1].pause()
                async let late = tally.add(1)
                try await test.eventually { await test.isSuspect(1) }
                try await test.nodes[1].resume()
                #expect(try await late == 2)
                try await test.eventually { await !test.isSuspect(1) }
                #expect(try await test.info(of: tally)?.restarts == 0)
                try await checkSpawns(1, test)
            }
        }
    }

    @Test("a short partition only delays calls", arguments: TestCluster.Kind.allCases)
    func shortPartition(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind, silence: Self.soon, grace: Self.never) { test in
                let near = try await test.spawnTally(on: 1)
                let far = try await test.spawnTally(on: 2)
                #expect(try await far.add(1) == 1)
                try await test.partition([0, 1], from: [2])
                async let late = far.add(1)
                async let relayed = near.relay(to: far, 10)
                try await test.eventually { await test.isSuspect(2) }
                #expect(try await near.add(1) == 1)
                try await test.heal()
                // In either order.
                let values = try await [late, relayed].sorted()
                #expect(values == [2, 12] || values == [11, 12])
                try await test.eventually { await !test.isSuspect(2) }
                #expect(try await test.info(of: far)?.restarts == 0)
                try await checkSpawns(2, test)
            }
        }
    }

    @Test("after a long partition the other side is fenced", arguments: TestCluster.Kind.allCases)
    func longPartition(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind, silence: Self.soon, grace: Self.soon) { test in
                let tally = try await test.spawnTally(on: 1, name: "tally", start: 5)
                #expect(try await tally.add(1) == 6)
                try await test.partition([1], from: [0])
                try await test.waitForRestart(of: tally, awayFrom: 1)
                #expect(!test.nodes[1].hasEnded)
                try await test.heal()
                try await checkFenced(1, tally, test)
            }
        }
    }

    @Test(
        "nodes that are cut off from each other are not from the driver",
        arguments: TestCluster.Kind.allCases
    )
    func partitionOfOthers(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind, silence: Self.soon, grace: Self.soon) { test in
                let one = try await test.spawnTally(on: 1)
                let two = try await test.spawnTally(on: 2)
                try await test.partition([1], from: [2])
                async let late = one.relay(to: two, 10)
                #expect(try await one.add(1) == 1)
                #expect(try await two.add(1) == 1)
                try await test.heal()
                #expect(try await late == 11)
                #expect(try await test.cluster.nodes().count == 3)
            }
        }
    }

    /// The node does actors' work again.
    private func checkSpawns(_ number: Int, _ test: TestCluster) async throws {
        let tally = try await test.spawnTally(on: number, start: 3)
        #expect(try await test.node(of: tally).id == test.nodes[number].id)
        #expect(try await tally.add(1) == 4)
    }

    /// Nothing runs on a node that has come back too late, and the actor's other incarnation is the only one.
    private func checkFenced(_ number: Int, _ tally: Tally, _ test: TestCluster) async throws {
        try await test.eventually(within: .seconds(30)) { test.nodes[number].hasEnded }
        #expect(try await !test.isMember(number))
        let info = try #require(try await test.info(of: tally))
        #expect(info.state == .alive)
        #expect(info.epoch == 2)
        let before = try await tally.add(0)
        #expect(try await test.cluster.find(Tally.self, named: "tally").add(1) == before + 1)
        #expect(try await tally.add(1) == before + 2)
    }
}
