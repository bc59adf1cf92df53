import Distributed
import Manta
import MantaTestSupport
import Testing

@Suite("names", .timeLimit(.minutes(10)))
struct NameTests {
    @Test("an actor is found by its name from the driver and from workers, until it dies")
    func find() async throws {
        try await withCluster { test in
            let system = test.system
            let hits = try await system.spawn(Counter.self, .init(start: 4), options: .init(name: "hits"))
            let service = try await system.spawn(Service.self, .init(), options: .init(isolation: .process))
            for _ in 0..<3 {
                #expect(try await system.find(Counter.self, named: "hits") == hits)
                #expect(try await service.find("hits") == hits)
            }
            #expect(try await system.find(Counter.self, named: "hits").increment() == 5)
            try await system.kill(hits)
            for finder in [
                { try await system.find(Counter.self, named: "hits") }, { try await service.find("hits") },
            ] {
                // Word of the end of a name that is remembered takes a moment.
                try await eventually { await clusterError { _ = try await finder() }?.code == .noSuchActor }
            }
            let again = try await system.spawn(Counter.self, .init(start: 0), options: .init(name: "hits"))
            #expect(again != hits)
            #expect(try await service.find("hits") == again)
        }
    }

    @Test("a taken name names its holder, and is free in the step that ends it")
    func taken() async throws {
        try await withCluster { test in
            let system = test.system
            let options = ActorOptions(name: "only")
            for _ in 0..<20 {
                let holder = try await system.spawn(Counter.self, .init(), options: options)
                let error = await clusterError {
                    _ = try await system.spawn(Service.self, .init(), options: options)
                }
                #expect(error?.code == .nameTaken)
                #expect(error?.message.contains("\(holder.id)") == true)
                #expect(error?.message.contains("Counter") == true)
                try await system.kill(holder)
            }
        }
    }

    @Test("a name counts in its namespace only")
    func namespaces() async throws {
        try await withCluster { test in
            let system = test.system
            let mine = try await system.spawn(Counter.self, .init(start: 1), options: .init(name: "x"))
            let options = ActorOptions(name: "x", namespace: "other")
            let other = try await system.spawn(Counter.self, .init(start: 2), options: options)
            #expect(try await system.find(Counter.self, named: "x") == mine)
            #expect(try await system.find(Counter.self, named: "x", namespace: "other") == other)
            let error = await clusterError {
                _ = try await system.find(Counter.self, named: "x", namespace: "third")
            }
            #expect(error?.code == .noSuchActor)
            #expect(error?.message.contains("third") == true)
            // An actor's own names count where its name does.
            let elsewhere = ActorOptions(namespace: "other", isolation: .process)
            let service = try await system.spawn(Service.self, .init(), options: elsewhere)
            #expect(try await service.find("x") == other)
            try await system.kill(service)
            let listed = try await system.actors().map(\.namespace)
            #expect(listed == ["default", "other", "other"])
        }
    }

    @Test("a name of an actor of another type is a typed error; a protocol's stub finds any")
    func types() async throws {
        try await withCluster { test in
            let system = test.system
            _ = try await system.spawn(English.self, options: .init(name: "greeter"))
            for _ in 0..<2 {
                let error = await clusterError { _ = try await system.find(Counter.self, named: "greeter") }
                #expect(error?.code == .wrongType)
                #expect(error?.message.contains("English") == true)
            }
            let error = await clusterError {
                _ = try await system.getOrSpawn(Counter.self, named: "greeter", .init())
            }
            #expect(error?.code == .wrongType)
            // The outcome is of the lookup, wherever it was made.
            let service = try await system.spawn(Service.self, .init(), options: .init(isolation: .process))
            let missing = await clusterError { _ = try await system.find(Counter.self, named: "nobody") }
            #expect(missing?.outcome == .notExecuted)
            #expect(try await service.outcomeOfFinding("nobody") == .notExecuted)
            let stub = try await system.find($Greeter.self, named: "greeter")
            #expect(try await stub.greet("you") == "hello you")
        }
    }

    @Test("10,000 racing callers for 10 names get 10 actors, each with one live epoch")
    func race() async throws {
        try await withCluster { test in
            let system = test.system
            let names = (0..<10).map { "name \($0)" }
            var racers: [Service] = []
            for _ in 0..<4 {
                racers.append(
                    try await system.spawn(Service.self, .init(), options: .init(isolation: .process))
                )
            }
            let found = try await withThrowingTaskGroup(of: [Counter].self) { group in
                let asked = (0..<2_000).map { names[$0 % names.count] }
                for racer in racers { group.addTask { try await racer.getOrSpawnAll(asked) } }
                for _ in 0..<2_000 {
                    group.addTask {
                        [try await system.getOrSpawn(Counter.self, named: names[0], .init())]
                    }
                }
                var found: [Counter] = []
                for try await counters in group { found += counters }
                return found
            }
            #expect(found.count == 10_000)
            #expect(Set(found.map(\.id)).count == 10)
            let counters = try await system.actors().filter { $0.typeName == "Counter" }
            #expect(counters.count == 10)
            #expect(counters.allSatisfy { $0.state == .alive && $0.epoch == 1 })
            #expect(Set(counters.compactMap(\.name)) == Set(names))
        }
    }

    @Test("getOrSpawn whose init throws tells all who wait, and leaves the name free")
    func failing() async throws {
        try await withCluster { test in
            let system = test.system
            let errors = await withTaskGroup(of: (any Error)?.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        do {
                            _ = try await system.getOrSpawn(
                                Thrower.self,
                                named: "t",
                                .init(failsInInit: true)
                            )
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                var errors: [(any Error)?] = []
                for await error in group { errors.append(error) }
                return errors
            }
            #expect(errors.allSatisfy { $0 as? Refusal == .tooLarge(limit: 7) })
            _ = try await system.getOrSpawn(Thrower.self, named: "t", .init())
        }
    }

    @Test("a racing caller that gives up takes nothing away from the others")
    func cancelledRacer() async throws {
        try await withCluster { test in
            let system = test.system
            let options = ActorOptions(resources: [.cpu: 4])
            let holder = try await system.spawn(Counter.self, .init(), options: options)
            let first = Task {
                try await system.getOrSpawn(Counter.self, named: "late", .init(), options: options)
            }
            try await eventually {
                try await system.actors().contains { $0.name == "late" && $0.state == .pending }
            }
            let second = Task {
                try await system.getOrSpawn(Counter.self, named: "late", .init(), options: options)
            }
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            try await system.kill(holder)
            #expect(try await second.value.increment() == 1)
        }
    }

    @Test("getOrSpawn with another name in its options is refused")
    func twoNames() async throws {
        try await withCluster { test in
            let error = await clusterError {
                _ = try await test.system.getOrSpawn(
                    Counter.self,
                    named: "a",
                    .init(),
                    options: .init(name: "b")
                )
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test("whoever has ended an actor finds its name free at once")
    func freeAtOnce() async throws {
        try await withCluster { test in
            let system = test.system
            for round in 0..<60 {
                let old = try await system.getOrSpawn(Counter.self, named: "again", .init())
                _ = try await system.find(Counter.self, named: "again")
                if round.isMultiple(of: 2) { try await system.stop(old) } else { try await system.kill(old) }
                let new = try await system.getOrSpawn(Counter.self, named: "again", .init())
                #expect(new != old)
                #expect(try await new.increment() == 1)
            }
        }
    }
}
