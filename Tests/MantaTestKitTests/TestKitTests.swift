import MantaTestKit
import MantaTestSupport
import Testing

@Suite("the test kit itself", .timeLimit(.minutes(10)))
struct TestKitTests {
    struct Wrong: Error, Equatable {}

    @Test("the body's error is rethrown after everything is shut down", arguments: TestCluster.Kind.allCases)
    func bodyThrows(kind: TestCluster.Kind) async throws {
        try await withLedger {
            await #expect(throws: Wrong.self) {
                try await withTestCluster(nodes: 2, kind) { test in
                    _ = try await test.spawnTally(on: 1)
                    throw Wrong()
                }
            }
        }
    }

    @Test(
        "what a test leaves killed, paused and cut off is shut down too",
        arguments: TestCluster.Kind.allCases
    )
    func disorder(kind: TestCluster.Kind) async throws {
        try await withLedger {
            try await withTestCluster(nodes: 4, kind) { test in
                for number in 1...3 { _ = try await test.spawnTally(on: number).add(1) }
                try await test.partition([0, 1], from: [2])
                try await test.nodes[1].kill()
                try await test.nodes[3].pause()
            }
        }
    }

    @Test("two clusters at a time do not disturb each other")
    func twoAtATime() async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2) { one in
                try await withTestCluster(nodes: 2) { two in
                    let here = try await one.spawnTally(on: 1, name: "tally")
                    let there = try await two.spawnTally(on: 1, name: "tally")
                    try await one.nodes[1].kill()
                    try await one.waitForRestart(of: here, awayFrom: 1)
                    #expect(try await there.add(1) == 1)
                    #expect(try await two.info(of: there)?.epoch == 1)
                }
            }
        }
    }

    @Test("a condition that never holds says what it threw the last time")
    func neverHappens() async throws {
        try await withLedger {
            try await withTestCluster { test in
                let error = await #expect(throws: TestCluster.NeverHappened.self) {
                    try await test.eventually(within: .milliseconds(50)) { throw Wrong() }
                }
                #expect(error?.description.contains("Wrong()") == true)
                let quiet = await #expect(throws: TestCluster.NeverHappened.self) {
                    try await test.eventually(within: .milliseconds(50)) { false }
                }
                #expect(quiet?.lastError == nil)
            }
        }
    }

    @Test("a killed node's methods see that their tasks are cancelled")
    func cancellation() async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2, .inProcess) { test in
                let tally = try await test.spawnTally(on: 1, restarts: .never)
                let waiting = Task { try await tally.waitForCancellation() }
                try await test.eventually { try await tally.isWaiting }
                try await test.nodes[1].kill()
                await #expect(throws: ClusterError.self) { try await waiting.value }
                try await test.eventually { Tally.cancelledCount.value > 0 }
            }
        }
    }

    @Test("what makes no sense is refused")
    func refusals() async throws {
        try await withLedger {
            try await withTestCluster(nodes: 2) { test in
                for (side, other) in [([0], [2]), ([0], [0, 1]), ([-1], [1])] {
                    let error = await #expect(throws: ClusterError.self) {
                        try await test.partition(side, from: other)
                    }
                    #expect(error?.code == .invalidArgument)
                }
                try await test.nodes[0].pause()
                await #expect(throws: ClusterError.self) { try await test.partition([0], from: [1]) }
            }
            await #expect(throws: ClusterError.self) { try await withTestCluster(nodes: 0) { _ in } }
        }
    }
}
