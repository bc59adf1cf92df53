import Distributed
import Glibc
import Manta
import MantaTestSupport
import Testing

@Suite("references in arguments of spawn", .timeLimit(.minutes(10)))
struct ObjectSpawnTests {
    @Test(
        "an actor is built again from references that only its arguments hold, long after its spawner let go"
    )
    func restart() async throws {
        try await withCluster { test in
            let system = test.system
            let shelf = try await spawnFull(system)
            // Longer than references of calls that have ended are held.
            let end = ContinuousClock.now + .seconds(6)
            try await eventually { ContinuousClock.now > end }
            for _ in 0..<2 {
                kill(try await shelf.process(), SIGKILL)
                try await eventually { (try? await shelf.sum()) == 200_030 }
            }
            try await shelf.drop()
            #expect(try await system.objects().count == 3)
            kill(try await shelf.process(), SIGKILL)
            try await eventually { (try? await shelf.sum()) == 200_030 }
            try await system.kill(shelf)
            try await system.expectNothingLeft()
        }
    }

    private func spawnFull(_ system: ClusterSystem) async throws -> Shelf {
        let maker = try await system.shelf()
        let items = [
            try await system.bytes(10), try await system.bytes(200_000),
            try await maker.make(20, of: 1, owner: .node),
        ]
        return try await system.shelf(restarts: .upTo(5, within: .seconds(600)), items: items)
    }

    @Test(
        "arguments hold nothing for an actor that is dead, however it died",
        arguments: [Isolation.shared, .process]
    )
    func dead(isolation: Isolation) async throws {
        try await withCluster { test in
            let system = test.system
            let stopped = try await system.shelf(isolation, items: [try await system.bytes(10)])
            let killed = try await system.shelf(isolation, items: [try await system.bytes(20)])
            #expect(try await stopped.sum() == 10)
            #expect(try await killed.sum() == 20)
            try await system.stop(stopped)
            try await system.kill(killed)
            try await system.expectNothingLeft()
        }
    }

    @Test("a spawn that fails keeps no references")
    func failed() async throws {
        try await withCluster { test in
            let system = test.system
            try await spawnInVain(system)
            try await system.expectNothingLeft()
        }
    }

    private func spawnInVain(_ system: ClusterSystem) async throws {
        let items = [try await system.bytes(10)]
        let arguments = Critic.Arguments(item: items[0])
        for isolation in [Isolation.shared, .process] {
            let options = ActorOptions(isolation: isolation)
            let error = await #expect(throws: Critic.Verdict.self) {
                _ = try await system.spawn(Critic.self, arguments, options: options)
            }
            #expect(error?.sum == 10)
        }
        let greedy = ActorOptions(resources: [.cpu: 1_000])
        let infeasible = await clusterError {
            _ = try await system.spawn(Shelf.self, .init(items: items), options: greedy)
        }
        #expect(infeasible?.code == .infeasible)
        #expect(try await system.objects().first?.borrowers == 0)
    }

    @Test("an actor that another one has spawned keeps its references when that one is killed")
    func spawnerKilled() async throws {
        try await withCluster { test in
            let system = test.system
            let heir = try await inherit(system)
            #expect(try await heir.sum() == 30)
            try await heir.drop()
            try await system.kill(heir)
            try await system.expectNothingLeft()
        }
    }

    private func inherit(_ system: ClusterSystem) async throws -> Shelf {
        let shelf = try await system.shelf()
        try await shelf.keep([try await system.bytes(10), try await system.bytes(20)])
        let heir = try await shelf.spawnHeir(named: "heir")
        #expect(try await heir.sum() == 30)
        kill(try await shelf.process(), SIGKILL)
        try await eventually { await clusterError { _ = try await shelf.count } != nil }
        return heir
    }

    @Test("all who ask for an actor by name offer references, and those of one of them become its own")
    func getOrSpawn() async throws {
        try await withCluster { test in
            let system = test.system
            let actors = try await raceToSpawn(system)
            #expect(Set(actors).count == 1)
            let shelf = try #require(actors.first)
            let sum = try await shelf.sum()
            #expect((1...20).contains(sum))
            kill(try await shelf.process(), SIGKILL)
            try await eventually { (try? await shelf.sum()) == sum }
            try await system.kill(shelf)
            try await system.expectNothingLeft()
        }
    }

    private func raceToSpawn(_ system: ClusterSystem) async throws -> [Shelf] {
        let options = ActorOptions(isolation: .process, restarts: .upTo(3, within: .seconds(600)))
        return try await withThrowingTaskGroup(of: Shelf.self) { group in
            for count in 1...20 {
                group.addTask {
                    let arguments = Shelf.Arguments(items: [try await system.bytes(count)])
                    return try await system.getOrSpawn(
                        Shelf.self,
                        named: "shelf",
                        arguments,
                        options: options
                    )
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
