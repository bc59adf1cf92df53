import CFloor
import Manta

/// Creating actors: each counts once it has answered its first call.
struct ActorBenchmarks {
    let cluster: ClusterSystem
    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

    func run(rounds: Int) async throws {
        try await warmUp()
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds)")
            try await measure(.spawnShared, effort.sharedSpawnCount, isolation: .shared, atOnce: 1)
            try await measure(.spawnSharedAtOnce, effort.sharedSpawnCount, isolation: .shared, atOnce: 64)
            try await measure(.spawnThread, effort.threadSpawnCount, isolation: .thread, atOnce: 1)
            try await measure(.spawnProcess, effort.processSpawnCount, isolation: .process, atOnce: 1)
        }
    }

    private func warmUp() async throws { try await kill(spawn(64, isolation: .shared, atOnce: 8)) }

    private func measure(_ figure: Figure, _ count: Int, isolation: Isolation, atOnce: Int) async throws {
        let before = cfloor_now()
        let actors = try await spawn(count, isolation: isolation, atOnce: atOnce)
        report(figure, rate(actors.count, in: cfloor_now() - before))
        try await kill(actors)
    }

    func spawn(_ count: Int, isolation: Isolation, atOnce: Int) async throws -> [Callee] {
        try await withThrowingTaskGroup(of: [Callee].self) { group in
            for _ in 0..<atOnce {
                group.addTask {
                    var actors: [Callee] = []
                    for index in 0..<(count / atOnce) {
                        let actor = try await cluster.spawn(
                            Callee.self,
                            options: ActorOptions(isolation: isolation)
                        )
                        _ = try await actor.echo(index)
                        actors.append(actor)
                    }
                    return actors
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func kill(_ actors: [Callee]) async throws {
        for actor in actors { try await cluster.kill(actor) }
    }
}
