import Distributed
import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("objects while workers are killed", .timeLimit(.minutes(10)))
struct ObjectTortureTests {
    private static let duration = Duration.seconds(12)

    @Test(
        "workers that are killed again and again take nothing of others along, and leave nothing",
        arguments: [1]
    )
    func torture(seed: UInt64) async throws {
        try await withSpillFolder { folder in
            try await withCluster(
                nodes: 2,
                { configuration in
                    configuration.storeCapacity = 48 << 20
                    configuration.spillDirectory = folder
                    configuration.idleWorkers = 4
                }
            ) { test in
                let stable = Stable(test.system)
                try await run(seed, stable)
                try await test.system.expectNothingLeft()
                try await checkDeaths(stable)
            }
        }
    }

    private func run(_ seed: UInt64, _ stable: Stable) async throws {
        let end = ContinuousClock.now + Self.duration
        try await stable.fill(6)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...5 {
                group.addTask {
                    var client = TortureClient(stable, seed: seed &* 1000 &+ UInt64(number))
                    while ContinuousClock.now < end { try await client.step() }
                    return client.stepCount
                }
            }
            group.addTask {
                var random = SeededRandom(seed: seed)
                while ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 5...120, using: &random)))
                    await stable.killOne(&random)
                }
                return 0
            }
            let steps = try await group.reduce(0, +)
            let kills = stable.killCount
            #expect(steps > 100, "\(steps) steps")
            #expect(kills > 10, "\(kills) kills")
            print("torture of seed \(seed): \(steps) steps, \(kills) workers killed")
        }
        try await stable.empty()
    }

    /// Nobody ended in another way than by the test's hand.
    private func checkDeaths(_ stable: Stable) async throws {
        for actor in try await stable.system.actors() {
            switch actor.deathCause {
            case nil, .crashed(SIGKILL, _), .killed: break
            case let cause?: Issue.record("\(actor.id) ended by itself: \(cause)")
            }
        }
    }

    @Test("objects that are being handed to their node when their maker is killed are no one's, and freed")
    func handover() async throws {
        try await withCluster { test in
            let system = test.system
            for _ in 0..<12 {
                let mule = try await system.spawn(Mule.self, options: .init(isolation: .process))
                let process = try await mule.process()
                let call = Task { await clusterError { try await mule.makeForever(10) } }
                try await eventually { try await system.objects().count > 10 }
                kill(process, SIGKILL)
                _ = await call.value
            }
            try await system.expectNothingLeft()
        }
    }
}
