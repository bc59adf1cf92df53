import CFloor
import Manta

/// Calls between two workers of one node, beside a C ping-pong that carries as many bytes.
struct CallBenchmarks {
    let cluster: ClusterSystem
    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

    private let caller: Caller
    private let callee: Callee
    private let processes: [Int32]

    /// The caller has a worker of its own, so that its calls leave their process.
    init(_ cluster: ClusterSystem, _ effort: Effort, report: @escaping @Sendable (Figure, Double) -> Void)
        async throws
    {
        self.cluster = cluster
        self.effort = effort
        self.report = report
        callee = try await cluster.spawn(Callee.self)
        caller = try await cluster.spawn(Caller.self, options: ActorOptions(isolation: .process))
        processes = try await cluster.actors().compactMap(\.processID)
        guard Set(processes).count == 2 else {
            throw BenchmarkError(
                description: "the caller and the callee are not in two processes: \(processes)"
            )
        }
    }

    /// Everything with the dispatch that a cluster uses unless told otherwise.
    func run(rounds: Int) async throws {
        let floor = try Floor(requestByteCount: 32)
        let floor1KiB = try Floor(requestByteCount: 1 << 10)
        let floor64KiB = try Floor(requestByteCount: 64 << 10)
        try await warmUp()
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds): one at a time")
            let least = try floor.latencies(count: effort.latencyCount)
            report(.floorP50, least.p50Microseconds)
            report(.floorP99, least.p99Microseconds)
            let remote = try await remoteLatencies()
            report(.remoteP50, remote.p50Microseconds)
            report(.remoteP99, remote.p99Microseconds)
            let pool = try await Calls.oneByOne(effort.latencyCount) { try await callee.echo($0) }
            report(.poolP50, Latencies(nanoseconds: pool).p50Microseconds)
            let local = try await caller.localLatencies(batchCount: effort.latencyCount / 20)
            report(.localP50, Latencies(nanoseconds: local).quantile(0.5))

            report(.floor1KiB, try floor1KiB.latencies(count: effort.largeLatencyCount).p50Microseconds)
            report(.remote1KiB, try await remoteLatencies(byteCount: 1 << 10).p50Microseconds)
            report(.floor64KiB, try floor64KiB.latencies(count: effort.largeLatencyCount).p50Microseconds)
            report(.remote64KiB, try await remoteLatencies(byteCount: 64 << 10).p50Microseconds)

            Progress.note("round \(round) of \(rounds): many in flight")
            report(.inFlight64, try await floodRate(inFlight: 64))
            try await reportThousandInFlight()
            let fromPool = try await Calls.flood(callee, inFlight: 64, count: effort.floodCount)
            report(.poolInFlight64, rate(effort.floodCount, in: fromPool))
        }
    }

    /// The rows that tell what Swift's public dispatch costs; the caller of this has set `MANTA_DISPATCH`.
    func runStandardDispatch(rounds: Int) async throws {
        let floor = try Floor(requestByteCount: 32)
        try await warmUp()
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds)")
            report(.floorP50, try floor.latencies(count: effort.latencyCount).p50Microseconds)
            report(.standardP50, try await remoteLatencies().p50Microseconds)
            report(.standardInFlight64, try await floodRate(inFlight: 64))
        }
    }

    private func warmUp() async throws {
        _ = try await caller.latencies(of: callee, count: 1_000)
        _ = try await caller.flood(callee, inFlight: 64, count: 6_400)
        _ = try await Calls.flood(callee, inFlight: 64, count: 6_400)
    }

    private func remoteLatencies() async throws -> Latencies {
        Latencies(nanoseconds: try await caller.latencies(of: callee, count: effort.latencyCount))
    }

    private func remoteLatencies(byteCount: Int) async throws -> Latencies {
        let nanoseconds = try await caller.latencies(
            of: callee,
            byteCount: byteCount,
            count: effort.largeLatencyCount
        )
        return Latencies(nanoseconds: nanoseconds)
    }

    private func floodRate(inFlight: Int) async throws -> Double {
        rate(
            effort.floodCount,
            in: try await caller.flood(callee, inFlight: inFlight, count: effort.floodCount)
        )
    }

    private func reportThousandInFlight() async throws {
        let before = processorTime()
        report(.inFlight1000, try await floodRate(inFlight: 1_000))
        report(.processorTime, Double(processorTime() - before) / 1_000 / Double(effort.floodCount))
    }

    /// Of both sides together, in nanoseconds.
    private func processorTime() -> UInt64 { processes.reduce(0) { $0 + cfloor_processor_time($1) } }
}
