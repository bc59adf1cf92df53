import Distributed
import Foundation
import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("the life of actors and workers", .timeLimit(.minutes(10)))
struct LifeTests {
    @Test("isolation decides which process and which thread an actor has")
    func isolation() async throws {
        try await withCluster {
            $0.sharedWorkers = 1
            $0.lanes = 2
        } _: { test in
            let system = test.system
            let shared = try await [spawn(system, .shared), spawn(system, .shared), spawn(system, .shared)]
            let thread = try await spawn(system, .thread)
            let alone = try await [spawn(system, .process), spawn(system, .process)]
            let home = try await shared[0].processID()
            for actor in shared + [thread] { #expect(try await actor.processID() == home) }
            #expect(try await shared[0].threadName().hasPrefix("manta-lane-"))
            #expect(try await thread.threadName() == "manta-thread")
            let others = try await [alone[0].processID(), alone[1].processID()]
            #expect(Set(others + [home]).count == 3)
        }
    }

    @Test("an environment reaches the worker of its actor only")
    func environment() async throws {
        try await withCluster { test in
            let options = ActorOptions(isolation: .process, environment: ["MANTA_TEST_COLOUR": "green"])
            let actor = try await test.system.spawn(Counter.self, .init(), options: options)
            #expect(try await actor.environment("MANTA_TEST_COLOUR") == "green")
            #expect(try await actor.environment("MANTA_WORKER") == nil)
            let other = try await spawn(test.system, .process)
            #expect(try await other.environment("MANTA_TEST_COLOUR") == nil)
            let environments = [
                ["": "b"], ["A=": "b"], ["A": "b\0c"], ["A": String(repeating: "b", count: 200_000)],
            ]
            for environment in environments {
                let error = await clusterError {
                    let options = ActorOptions(isolation: .process, environment: environment)
                    _ = try await test.system.spawn(Counter.self, .init(), options: options)
                }
                #expect(error?.code == .invalidArgument)
            }
            let error = await #expect(throws: ClusterError.self) {
                try await test.system.spawn(Counter.self, .init(), options: .init(environment: ["A": "b"]))
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("a trap takes down its own worker's actors only, and is the cause in every error")
    func trap() async throws {
        try await withCluster { test in
            let alone = try await spawn(test.system, .process)
            let shared = try await spawn(test.system, .shared)
            let error = await #expect(throws: ClusterError.self) { try await alone.trap() }
            guard case .actorDied(.crashed(let signal, let lines)) = error?.code else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(signal == SIGILL || signal == SIGTRAP)
            #expect(lines.contains { $0.contains("the test asked for it") })
            #expect(error?.outcome == .mayHaveExecuted)
            let later = await #expect(throws: ClusterError.self) { try await alone.increment() }
            #expect(later?.code == error?.code)
            #expect(later?.outcome == .notExecuted)
            #expect(try await shared.increment() == 1)
            let info = try #require(try await test.system.actors().first { $0.id == alone.id })
            #expect(info.state == .dead)
            #expect(info.deathCause == .crashed(signal: signal, lastOutput: lines))
        }
    }

    @Test("SIGKILL and exit codes are told apart")
    func endings() async throws {
        try await withCluster { test in
            let killed = try await spawn(test.system, .process)
            Glibc.kill(try await killed.processID(), SIGKILL)
            try await eventually {
                guard case .dead = try await test.system.actors().first(where: { $0.id == killed.id })?.state
                else { return false }
                return true
            }
            let error = await #expect(throws: ClusterError.self) { try await killed.increment() }
            guard case .actorDied(.crashed(signal: SIGKILL, _)) = error?.code else {
                Issue.record("\(String(describing: error))")
                return
            }
            let left = try await spawn(test.system, .process)
            let exit = await #expect(throws: ClusterError.self) { try await left.leave(9) }
            #expect(exit?.code == .actorDied(.exited(code: 9)))
        }
    }

    @Test("spawn throws what init throws, and nothing is held after it")
    func initThrows() async throws {
        try await withCluster { test in
            for isolation in Isolation.allCases {
                await #expect(throws: Refusal.tooLarge(limit: 7)) {
                    try await test.system.spawn(
                        Thrower.self,
                        .init(failsInInit: true),
                        options: .init(resources: [.cpu: 4], isolation: isolation)
                    )
                }
            }
            #expect(try await test.system.nodes().first?.available == [.cpu: 4])
            let causes = try await test.system.actors().map(\.deathCause)
            #expect(causes.count == 3)
            #expect(causes.allSatisfy { if case .initFailed? = $0 { true } else { false } })
        }
    }

    @Test(
        "a worker that dies in an init is the cause of that spawn, and of no other",
        arguments: Isolation.allCases
    )
    func diesInInit(isolation: Isolation) async throws {
        try await withCluster { test in
            let options = ActorOptions(resources: [.cpu: 4], isolation: isolation)
            let error = await #expect(throws: ClusterError.self) {
                try await test.system.spawn(Doomed.self, options: options)
            }
            guard case .workerDied(.crashed(_, let lines)) = error?.code else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(lines.contains { $0.contains("doomed from the start") })
            for start in 0..<4 {
                let actor = try await test.system.spawn(Counter.self, .init(start: start))
                #expect(try await actor.current == start)
            }
            #expect(try await test.system.nodes().first?.available == [.cpu: 4])
        }
    }

    @Test("run in an actor is refused, and the actor goes on")
    func nestedRun() async throws {
        try await withCluster { test in
            let actor = try await test.system.spawn(Nester.self)
            for _ in 0..<2 {
                let error = await #expect(throws: ClusterError.self) { try await actor.nest() }
                #expect(error?.code == .invalidArgument)
            }
        }
    }

    @Test("kill ends calls that run, frees what was held, and is idempotent", arguments: Isolation.allCases)
    func kill(isolation: Isolation) async throws {
        try await withCluster { test in
            let options = ActorOptions(name: "victim", resources: [.cpu: 3], isolation: isolation)
            let actor = try await test.system.spawn(Counter.self, .init(), options: options)
            let sleeping = Task { try await actor.sleep(milliseconds: 60_000) }
            try await eventually { try await test.system.nodes().first?.available == [.cpu: 1] }
            #expect(try await actor.increment() == 1)
            try await test.system.kill(actor)
            try await test.system.kill(actor)
            let error = await #expect(throws: ClusterError.self) { try await sleeping.value }
            guard case .actorDied = error?.code else {
                Issue.record("\(String(describing: error))")
                return
            }
            let later = await #expect(throws: ClusterError.self) { try await actor.increment() }
            #expect(later?.code == .actorDied(.killed))
            #expect(later?.outcome == .notExecuted)
            #expect(try await test.system.nodes().first?.available == [.cpu: 4])
            // The name is free again.
            let next = try await test.system.spawn(Counter.self, .init(start: 5), options: options)
            #expect(try await next.current == 5)
            let unknown = ActorID(scope: actor.id.scope, number: 4711)
            let noSuch = await #expect(throws: ClusterError.self) { try await test.system.kill(id: unknown) }
            #expect(noSuch?.code == .noSuchActor)
        }
    }

    @Test("names are unique while their actors live")
    func names() async throws {
        try await withCluster { test in
            let first = try await test.system.spawn(Counter.self, .init(), options: .init(name: "one"))
            let error = await #expect(throws: ClusterError.self) {
                try await test.system.spawn(Counter.self, .init(), options: .init(name: "one"))
            }
            #expect(error?.code == .nameTaken)
            #expect(error?.message.contains("\(first.id)") == true)
        }
    }

    @Test("what no node can hold fails at once, naming what is short")
    func infeasible() async throws {
        try await withCluster(nodes: 2) { test in
            let error = await #expect(throws: ClusterError.self) {
                try await test.system.spawn(
                    Counter.self,
                    .init(),
                    options: .init(resources: [.cpu: 64, "tpu": 1])
                )
            }
            #expect(error?.code == .infeasible)
            #expect(error?.message.contains("cpu") == true)
            #expect(error?.message.contains("tpu") == true)
        }
    }

    @Test("a spawn waits for resources, gets them when they are free, and gives up at its timeout")
    func waiting() async throws {
        try await withCluster { test in
            let holder = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(resources: [.cpu: 4])
            )
            let error = await #expect(throws: ClusterError.self) {
                try await test.system.spawn(
                    Counter.self,
                    .init(),
                    options: .init(resources: [.cpu: 1], placementTimeout: .milliseconds(50))
                )
            }
            #expect(error?.code == .placementTimedOut)
            async let next = test.system.spawn(
                Counter.self,
                .init(start: 3),
                options: .init(resources: [.cpu: 0.5])
            )
            try await eventually { try await test.system.actors().contains { $0.state == .pending } }
            try await test.system.kill(holder)
            #expect(try await next.current == 3)
            #expect(try await test.system.nodes().first?.available == [.cpu: 3.5])
        }
    }

    @Test("a cancelled spawn gives back what it held")
    func cancelledSpawn() async throws {
        try await withCluster { test in
            let holder = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(resources: [.cpu: 4])
            )
            let task = Task {
                try await test.system.spawn(Counter.self, .init(), options: .init(resources: [.cpu: 1]))
            }
            try await eventually { try await test.system.actors().contains { $0.state == .pending } }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            try await test.system.kill(holder)
            try await eventually { try await test.system.nodes().first?.available == [.cpu: 4] }
        }
    }

    @Test("actors spread over the nodes and workers of a cluster")
    func spread() async throws {
        try await withCluster(nodes: 3) { test in
            let system = test.system
            let actors = try await withThrowingTaskGroup(of: Counter.self) { group in
                for _ in 0..<60 { group.addTask { try await system.spawn(Counter.self, .init()) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(actors.count == 60)
            let infos = try await system.actors()
            #expect(Set(infos.compactMap(\.node)).count == 3)
            #expect(Set(infos.compactMap(\.processID)).count >= 3)
            #expect(try await system.nodes().count == 3)
        }
    }

    private func spawn(_ system: ClusterSystem, _ isolation: Isolation) async throws -> Counter {
        try await system.spawn(Counter.self, .init(), options: ActorOptions(isolation: isolation))
    }
}
