import CFloor
import Glibc
import Manta

/// Names, restarts, and a directory with many actors.
struct DirectoryBenchmarks {
    let cluster: ClusterSystem
    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

    func run(rounds: Int) async throws {
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds)")
            try await measureNames(round)
            try await measureFirstReply()
            for isolation in [Isolation.shared, .process] { try await measureRestart(isolation) }
        }
        try await measureCrowd()
    }

    private func measureNames(_ round: Int) async throws {
        let names = (0..<effort.nameCount).map { "name \(round) \($0)" }
        let before = cfloor_now()
        let actors = try await withThrowingTaskGroup(of: [Callee].self) { group in
            for start in 0..<64 {
                group.addTask {
                    var found: [Callee] = []
                    for index in stride(from: start, to: names.count, by: 64) {
                        found.append(try await cluster.getOrSpawn(Callee.self, named: names[index]))
                    }
                    return found
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        report(.getOrSpawnNew, rate(names.count, in: cfloor_now() - before))

        let finder = try await cluster.spawn(Finder.self, options: ActorOptions(isolation: .process))
        _ = try await finder.find([names[0]])
        let first = try await finder.find(Array(names.dropFirst()))
        report(.findFirst, Latencies(nanoseconds: first).p50Microseconds)
        report(.findFirstRate, rate(first.count, in: first.reduce(0, +)))
        let again = try await finder.findAgain(names[0], batchCount: effort.latencyCount / 100)
        report(.findAgain, Latencies(nanoseconds: again).quantile(0.5))
        report(.findAgainRate, rate(again.count, in: again.reduce(0, +)))
        for actor in actors { try await cluster.kill(actor) }
        try await cluster.kill(finder)
    }

    private func measureFirstReply() async throws {
        let latencies = try await Calls.oneByOne(effort.sharedSpawnCount / 4) { index in
            let actor = try await cluster.spawn(Callee.self)
            let reply = try await actor.echo(index)
            try await cluster.kill(actor)
            return reply
        }
        report(.spawnFirstReply, Latencies(nanoseconds: latencies).p50Microseconds)
    }

    /// From SIGKILL of its worker until the actor answers again, which takes a call that is sent again.
    private func measureRestart(_ isolation: Isolation) async throws {
        let options = ActorOptions(isolation: isolation, restarts: .always)
        var times: [UInt64] = []
        for _ in 0..<effort.restartCount {
            // A new one each time: one that dies often is restarted later and later.
            let actor = try await cluster.spawn(Callee.self, options: options)
            let process = try await actor.process()
            let before = cfloor_now()
            Glibc.kill(process, SIGKILL)
            while (try? await actor.process()) ?? process == process {}
            times.append(cfloor_now() - before)
            try await cluster.kill(actor)
        }
        let figure: Figure = isolation == .shared ? .restartShared : .restartProcess
        report(figure, Latencies(nanoseconds: times).quantile(0.5) / 1e6)
    }

    /// Once, because a hundred thousand actors take their time.
    private func measureCrowd() async throws {
        Progress.note("\(effort.crowdCount) actors")
        let benchmarks = ActorBenchmarks(cluster: cluster, effort: effort, report: report)
        var actors = try await benchmarks.spawn(640, isolation: .shared, atOnce: 64)
        let memory = try ProcessTree.current().residentKiB()
        let before = cfloor_now()
        actors += try await benchmarks.spawn(effort.crowdCount, isolation: .shared, atOnce: 50)
        report(.crowdSpawn, Double(cfloor_now() - before) / 1e9)
        let grown = try ProcessTree.current().residentKiB() - memory
        report(.crowdMemory, Double(grown) / Double(effort.crowdCount))
        report(.crowdCalls, try await callAtRandom(actors))
    }

    /// Calls to actors chosen at random, 64 under way; calls per second.
    private func callAtRandom(_ actors: [Callee]) async throws -> Double {
        let count = effort.floodCount / 4
        let before = cfloor_now()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    for index in 0..<(count / 64) {
                        _ = try await actors[.random(in: 0..<actors.count)].echo(index)
                    }
                }
            }
            try await group.waitForAll()
        }
        return rate(count, in: cfloor_now() - before)
    }
}
