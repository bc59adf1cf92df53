import Distributed
import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("stopping", .timeLimit(.minutes(10)))
struct StopTests {
    @Test(
        "stop lets calls in progress end, refuses new ones, and runs willStop once",
        arguments: Isolation.allCases
    )
    func stop(isolation: Isolation) async throws {
        try await withCluster { test in
            let system = test.system
            let journal = ScratchFile()
            let options = ActorOptions(resources: [.cpu: 1], isolation: isolation, restarts: .always)
            let service = try await system.spawn(Service.self, .init(journal: journal.path), options: options)
            let inProgress = Task { try await service.slow(milliseconds: 300) }
            try await eventually { journal.lines.contains("slow") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { try await system.stop(service) } }
                group.addTask {
                    try await eventually { await clusterError { _ = try await service.call() } != nil }
                }
                try await group.waitForAll()
            }
            let calls = try await inProgress.value
            #expect(journal.lines == ["init", "slow", "willStop after \(calls)"])
            let error = await clusterError { _ = try await service.call() }
            #expect(error?.code == .actorDied(.stopped))
            #expect(error?.outcome == .notExecuted)
            try await system.stop(service)
            #expect(await Array(system.lifecycle(of: service)) == [.terminated(.stopped)])
            #expect(try await system.resources().available == [.cpu: 4])
        }
    }

    @Test("stop past its limit cancels what still runs")
    func limit() async throws {
        try await withCluster { test in
            let system = test.system
            let journal = ScratchFile()
            let service = try await system.spawn(Service.self, .init(journal: journal.path))
            let endless = Task { try await service.slow(milliseconds: 600_000) }
            try await eventually { journal.lines.contains("slow") }
            try await system.stop(service, within: .milliseconds(50))
            let error = await clusterError { _ = try await endless.value }
            #expect(error?.code == .actorDied(.stopped))
            #expect(error?.outcome == .mayHaveExecuted)
        }
    }

    @Test(
        "a limit that makes no sense is none, and ends the actor",
        arguments: [
            Duration.seconds(-60), .seconds(Int64.max - 5), .seconds(Int64.max),
        ]
    )
    func absurdLimit(limit: Duration) async throws {
        try await withCluster { test in
            let service = try await test.system.spawn(Service.self, .init())
            try await test.system.stop(service, within: limit)
            #expect(await Array(test.system.lifecycle(of: service)) == [.terminated(.stopped)])
        }
    }

    @Test("an actor that stops itself answers the call first")
    func stopsItself() async throws {
        try await withCluster { test in
            let system = test.system
            let service = try await system.spawn(Service.self, .init())
            #expect(try await service.stopYourself() == "stopping")
            #expect(await Array(system.lifecycle(of: service)).last == .terminated(.stopped))
        }
    }

    @Test("an actor of the spawner ends with it, one of the job does not")
    func owners() async throws {
        try await withCluster { test in
            let system = test.system
            let parent = try await system.spawn(Service.self, .init(), options: .init(isolation: .process))
            let owned = try await parent.spawnChild("owned", .spawner)
            let free = try await parent.spawnChild("free", .job)
            let detached = try await parent.spawnChild("detached", .detached)
            Glibc.kill(try await parent.processID(), SIGKILL)
            #expect(await Array(system.lifecycle(of: owned)).last == .terminated(.jobEnded))
            #expect(try await free.increment() == 2)
            #expect(try await detached.increment() == 2)
        }
    }

    @Test("the end of the cluster runs willStop of what lives in it")
    func clusterEnd() async throws {
        let journal = ScratchFile()
        try await withCluster { test in
            _ = try await test.system.spawn(Service.self, .init(journal: journal.path))
        }
        #expect(journal.lines == ["init", "willStop after 0"])
    }
}

extension Array where Element == LifecycleEvent {
    /// All events of a stream that ends.
    init(_ stream: AsyncStream<LifecycleEvent>) async {
        self = []
        for await event in stream { append(event) }
    }
}
