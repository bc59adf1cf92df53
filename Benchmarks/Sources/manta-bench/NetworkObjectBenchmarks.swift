import CFloor
import Manta

/// Objects that are pulled from one node to another over TLS, beside C streams, and calls that go beside them.
struct NetworkObjectBenchmarks {
    private let actors: ObjectActors
    private let caller: Caller
    private let callee: Callee
    private let report: @Sendable (Figure, Double) -> Void
    /// What moves the objects.
    private let daemons: ProcessTree

    init(_ cluster: ClusterSystem, _ effort: Effort, report: @escaping @Sendable (Figure, Double) -> Void)
        async throws
    {
        self.report = report
        actors = try await ObjectActors(cluster)
        caller = try await cluster.spawn(Caller.self, options: actors.near)
        callee = try await cluster.spawn(Callee.self, options: actors.far)
        daemons = ProcessTree(try DaemonCluster().nodes.map(\.process))
    }

    func run(rounds: Int) async throws {
        let byteCount = 1 << 30
        let tcp = try StreamFloor(CFLOOR_TCP, byteCount: byteCount)
        let tls = try StreamFloor(CFLOOR_TLS, byteCount: byteCount)
        _ = try await caller.latencies(of: callee, count: 1_000)
        // The first ones take the memory of both stores into use.
        for _ in 0..<2 { _ = try await pull(.random, byteCount) }
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds): pulls")
            report(.floorTCPStream, gigabytesPerSecond(byteCount, in: try tcp.send().nanoseconds))
            let least = try tls.send()
            report(.floorTLSStream, gigabytesPerSecond(byteCount, in: least.nanoseconds))
            report(.floorTLSProcessorTime, Double(least.processorTime) / Double(byteCount))
            for (content, figure) in [
                (Content.random, Figure.securePullRandom), (.zeros, .securePullZeros),
                (.text, .securePullText),
            ] {
                let (nanoseconds, used) = try await pull(content, byteCount)
                report(figure, gigabytesPerSecond(byteCount, in: nanoseconds))
                if content == .random { report(.securePullProcessorTime, Double(used) / Double(byteCount)) }
            }
            Progress.note("round \(round) of \(rounds): calls beside a pull")
            let latencies = try await latenciesBesidePull(byteCount)
            report(.busyP50, latencies.p50Microseconds)
            report(.busyP99, latencies.p99Microseconds)
        }
    }

    /// Pulls a new object: how long that took, and the processor time of both daemons for it, both in nanoseconds.
    private func pull(_ content: Content, _ byteCount: Int) async throws -> (
        nanoseconds: UInt64, processorTime: UInt64
    ) {
        let result: (UInt64, UInt64)
        do {
            let object = try await actors.owner.put(content, byteCount: byteCount)
            let before = daemons.processorTime()
            let nanoseconds = try await actors.farReader.pull(object)
            result = (nanoseconds, daemons.processorTime() - before)
        }
        try await actors.waitForEmptyStores()
        return result
    }

    private func latenciesBesidePull(_ byteCount: Int) async throws -> Latencies {
        let nanoseconds: [UInt64]
        do {
            let object = try await actors.owner.put(.random, byteCount: byteCount)
            nanoseconds = try await withThrowingTaskGroup(of: [UInt64].self) { group in
                group.addTask { try await caller.latenciesUntilStopped(of: callee) }
                group.addTask {
                    _ = try await actors.farReader.pull(object)
                    try await caller.stopCalling()
                    return []
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        }
        try await actors.waitForEmptyStores()
        return Latencies(nanoseconds: nanoseconds)
    }
}
