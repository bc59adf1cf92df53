import Manta

/// What goes on while nobody hosts the directory, for a test that kills the head.
struct Headless {
    let cluster: ClusterSystem

    func run() async throws {
        // Where no head dies: on the nodes that are not the head's.
        let head = try await cluster.nodes()[0].id
        var echoes: [Echo] = []
        for node in try await cluster.nodes() where node.id != head {
            let options = ActorOptions(name: "echo-\(echoes.count)", placement: .node(node.id))
            echoes.append(try await cluster.spawn(Echo.self, options: options))
        }
        let words = try await cluster.put([UInt64](repeating: 7, count: 100_000))
        _ = try await relay(echoes)
        say("ready")
        try await untilHeadIsGone()
        for _ in 0..<100 { try await relay(echoes) }
        guard try await words.withSpan({ $0[99_999] }) == 7 else { throw Survival.Lost(name: "bytes") }
        say("called without a head")
        let echo = try await withCallOptions(timeout: .seconds(60)) { try await cluster.spawn(Echo.self) }
        guard try await echo.echo("a") == "a" else { throw Survival.Lost(name: "echo") }
        for index in echoes.indices {
            let found = try await cluster.find(Echo.self, named: "echo-\(index)")
            guard found == echoes[index] else { throw Survival.Lost(name: "echo-\(index)") }
        }
        try await relay(echoes)
        say("spawned when it was there again")
    }

    private func relay(_ echoes: [Echo]) async throws {
        for echo in echoes {
            for other in echoes {
                guard try await echo.relay("hello", to: other) == "hello" else {
                    throw Survival.Lost(name: "relay")
                }
            }
        }
    }

    private func untilHeadIsGone() async throws {
        while true {
            do {
                _ = try await withCallOptions(timeout: .milliseconds(200)) { try await cluster.actors() }
                try await Task.sleep(for: .milliseconds(10))
            } catch {
                return
            }
        }
    }
}
