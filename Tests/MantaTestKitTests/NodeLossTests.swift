import MantaTestKit
import MantaTestSupport
import Testing

@Suite("nodes and workers that are killed", .timeLimit(.minutes(10)))
struct NodeLossTests {
    @Test("actors are spread over the nodes, and answer", arguments: TestCluster.Kind.allCases)
    func spawnOverNodes(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind, resources: [.cpu: 2]) { test in
                let options = ActorOptions(resources: [.cpu: 2])
                var homes: Set<NodeID> = []
                for start in 0..<3 {
                    let tally = try await test.cluster.spawn(
                        Tally.self,
                        .init(start: start),
                        options: options
                    )
                    #expect(try await tally.add(10) == start + 10)
                    homes.insert(try await test.node(of: tally).id)
                }
                #expect(homes == Set(test.nodes.map(\.id)))
            }
        }
    }

    @Test("an actor whose worker is killed is built again", arguments: TestCluster.Kind.allCases)
    func killWorker(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 1, kind) { test in
                let tally = try await test.spawnTally(on: 0, start: 5)
                #expect(try await tally.add(1) == 6)
                try await test.killWorker(of: tally)
                try await test.eventually { try await test.info(of: tally)?.epoch == 2 }
                try await test.eventually { try await tally.add(1) == 6 }
                #expect(try await test.info(of: tally)?.restarts == 1)
            }
        }
    }

    @Test(
        "an actor whose node is killed goes on elsewhere under its name",
        arguments: TestCluster.Kind.allCases
    )
    func killNode(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 3, kind) { test in
                let tally = try await test.spawnTally(on: 2, name: "tally", start: 5)
                #expect(try await tally.add(1) == 6)
                try await test.nodes[2].kill()
                try await test.nodes[2].kill()
                try await test.waitForRestart(of: tally, awayFrom: 2)
                #expect(try await tally.add(1) == 6)
                #expect(try await test.cluster.find(Tally.self, named: "tally") == tally)
                #expect(try await test.cluster.nodes().count == 2)
                await #expect(throws: ClusterError.self) { try await test.nodes[2].pause() }
            }
        }
    }

    @Test("an actor that is never restarted dies with its node", arguments: TestCluster.Kind.allCases)
    func neverRestarted(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, kind) { test in
                let tally = try await test.spawnTally(on: 1, restarts: .never)
                let waiting = Task { try await tally.waitForCancellation() }
                #expect(try await tally.add(1) == 1)
                try await test.eventually { try await tally.isWaiting }
                try await test.nodes[1].kill()
                let running = await #expect(throws: ClusterError.self) { try await waiting.value }
                #expect(running?.outcome == .mayHaveExecuted)
                try await test.eventually { try await test.info(of: tally)?.state == .dead }
                let error = await #expect(throws: ClusterError.self) { try await tally.add(1) }
                #expect(error?.code == .actorDied(.nodeDied(test.nodes[1].id)))
                #expect(error?.outcome == .notExecuted)
            }
        }
    }

    @Test(
        "a cluster goes on after it has lost all nodes but one, one by one",
        arguments: TestCluster.Kind.allCases
    )
    func oneByOne(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 4, kind) { test in
                let tally = try await test.spawnTally(on: 0, restarts: .always)
                for epoch in 2...4 as ClosedRange<UInt32> {
                    let home = try await test.node(of: tally)
                    try await home.kill()
                    try await test.eventually(within: .seconds(30)) {
                        _ = try await tally.add(1)
                        return try await test.info(of: tally)?.epoch == epoch
                    }
                }
                #expect(try await test.cluster.nodes().count == 1)
            }
        }
    }
}
