import CFloor
import Manta

/// Actors on four nodes, and the directory that knows them.
struct NetworkActorBenchmarks {
    private let cluster: ClusterSystem
    private let effort: Effort
    private let report: @Sendable (Figure, Double) -> Void
    private let head: DaemonNode
    /// Looks names up in a worker of the last node.
    private let finder: Finder

    init(_ cluster: ClusterSystem, _ effort: Effort, report: @escaping @Sendable (Figure, Double) -> Void)
        async throws
    {
        self.cluster = cluster
        self.effort = effort
        self.report = report
        let daemons = try DaemonCluster().nodes
        let last = daemons[daemons.count - 1]
        head = daemons[0]
        guard let node = try await cluster.nodes().first(where: { $0.address.hasSuffix(":\(last.port)") })
        else {
            throw BenchmarkError(description: "the node at \(last.address) is not in the cluster")
        }
        finder = try await cluster.spawn(
            Finder.self,
            options: ActorOptions(isolation: .process, placement: .node(node.id))
        )
    }

    func run(rounds: Int) async throws {
        // Each worker gets its links.
        try await kill(spawn(256, named: nil, atOnce: 64))
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds)")
            for (figure, atOnce) in [(Figure.spreadSpawn, 1), (.spreadSpawnAtOnce, 64)] {
                try await measure(figure, effort.sharedSpawnCount / (atOnce == 1 ? 4 : 1), named: nil, atOnce)
            }
            report(.floorSync, try syncRate(count: effort.nameCount / 4))
            try await measure(.namedSpawn, effort.nameCount / 4, named: "one \(round)", 1)
            try await measure(.namedSpawnAtOnce, effort.nameCount, named: "many \(round)", 64)
            try await measure(.namedSpawnCrowded, effort.nameCount * 4, named: "most \(round)", 1_000)
        }
    }

    private func measure(_ figure: Figure, _ count: Int, named prefix: String?, _ atOnce: Int) async throws {
        let before = cfloor_now()
        let actors = try await spawn(count, named: prefix, atOnce: atOnce)
        report(figure, rate(actors.count, in: cfloor_now() - before))
        try await kill(actors)
    }

    /// Those with names count once the head has acknowledged them, others once they have answered.
    private func spawn(_ count: Int, named prefix: String?, atOnce: Int) async throws -> [Callee] {
        try await withThrowingTaskGroup(of: [Callee].self) { group in
            for start in 0..<atOnce {
                group.addTask {
                    var actors: [Callee] = []
                    for index in stride(from: start, to: count, by: atOnce) {
                        let options = ActorOptions(name: prefix.map { "\($0) \(index)" }, placement: .spread)
                        let actor = try await cluster.spawn(Callee.self, options: options)
                        if prefix == nil { _ = try await actor.echo(index) }
                        actors.append(actor)
                    }
                    return actors
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func kill(_ actors: [Callee]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in 0..<16 {
                group.addTask {
                    for index in stride(from: start, to: actors.count, by: 16) {
                        try await cluster.kill(actors[index])
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// On the disk where the head keeps its directory.
    private func syncRate(count: Int) throws -> Double {
        var nanoseconds: UInt64 = 0
        try check(
            cfloor_sync_run("\(head.folder)/manta-bench", 1_024, count, &nanoseconds),
            "write to \(head.folder)"
        )
        return rate(count, in: nanoseconds)
    }

    /// In a cluster that has had no actors before: what the head grows by would else go into memory that others have left.
    /// Once, because a hundred thousand actors take their time.
    func runCrowd() async throws {
        let count = effort.crowdCount
        Progress.note("\(count) named actors")
        let process = ProcessTree([head.process])
        _ = try await spawn(640, named: "first", atOnce: 64)
        let memory = try process.residentKiB()
        let before = cfloor_now()
        _ = try await spawn(count, named: "crowd", atOnce: 64)
        report(.namedCrowdSpawn, Double(cfloor_now() - before) / 1e9)
        report(.namedCrowdMemory, Double(try process.residentKiB() - memory) / Double(count))

        let names = (0..<effort.nameCount).map { "crowd \($0 * (count / effort.nameCount))" }
        _ = try await finder.find(["first 0"])
        let first = try await finder.find(names)
        report(.namedCrowdFind, Latencies(nanoseconds: first).p50Microseconds)
        let again = try await finder.findAgain(names[0], batchCount: effort.latencyCount / 100)
        report(.namedCrowdFindAgain, Latencies(nanoseconds: again).quantile(0.5))
    }
}
