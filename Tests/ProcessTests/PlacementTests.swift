import Distributed
import Manta
import MantaTestSupport
import Testing

@Suite("placement", .timeLimit(.minutes(10)))
struct PlacementTests {
    @Test("spread, a node, and labels decide where an actor goes")
    func policies() async throws {
        try await withCluster(nodes: 3) {
            $0.labels = ["disk": "fast"]
        } _: { test in
            let system = test.system
            let nodes = try await system.nodes().map(\.id)
            for _ in 0..<3 {
                _ = try await system.spawn(
                    Counter.self,
                    .init(),
                    options: .init(name: nil, placement: .spread)
                )
            }
            #expect(Set(try await system.actors().compactMap(\.node)) == Set(nodes))
            for node in nodes.reversed() {
                let options = ActorOptions(name: "\(node)", resources: [.cpu: 1], placement: .node(node))
                _ = try await system.spawn(Counter.self, .init(), options: options)
                #expect(try await system.actors().last?.node == node)
            }
            let labelled = ActorOptions(resources: [.cpu: 1], placement: .labels(["disk": "fast"]))
            _ = try await system.spawn(Counter.self, .init(), options: labelled)
            let error = await clusterError {
                let options = ActorOptions(placement: .labels(["disk": "slow"]))
                _ = try await system.spawn(Counter.self, .init(), options: options)
            }
            #expect(error?.code == .infeasible)
            #expect(error?.message.contains("slow") == true)
        }
    }

    @Test("what fits later waits in line, is listed as pending, and gets its place in order")
    func waiting() async throws {
        try await withCluster { test in
            let system = test.system
            let whole = ActorOptions(resources: [.cpu: 4])
            let holder = try await system.spawn(Counter.self, .init(), options: whole)
            var spawns: [Task<Counter, any Error>] = []
            for index in 0..<3 {
                var options = whole
                options.name = "waiting \(index)"
                spawns.append(
                    Task { [options] in try await system.spawn(Counter.self, .init(), options: options) }
                )
                try await eventually {
                    try await system.actors().count { $0.state == .pending } == index + 1
                }
            }
            #expect(try await system.resources() == (total: [.cpu: 4], available: [.cpu: 0]))
            var last = holder
            for spawn in spawns {
                try await system.kill(last)
                last = try await spawn.value
            }
            try await system.kill(last)
            #expect(try await system.resources().available == [.cpu: 4])
        }
    }

    @Test("a wait past placementTimeout fails and says what was missing")
    func timeout() async throws {
        try await withCluster { test in
            let system = test.system
            _ = try await system.spawn(Counter.self, .init(), options: .init(resources: [.cpu: 3]))
            let error = await clusterError {
                let options = ActorOptions(resources: [.cpu: 2], placementTimeout: .milliseconds(20))
                _ = try await system.spawn(Counter.self, .init(), options: options)
            }
            #expect(error?.code == .placementTimedOut)
            #expect(error?.message.contains("cpu: 1 of 2") == true)
            #expect(try await system.resources().available == [.cpu: 1])
        }
    }

    @Test("an actor outlives the last reference to it")
    func outlives() async throws {
        try await withCluster { test in
            let system = test.system
            for _ in 0..<1 {
                _ = try await system.spawn(Counter.self, .init(start: 8), options: .init(name: "kept"))
            }
            #expect(try await system.find(Counter.self, named: "kept").increment() == 9)
        }
    }
}
