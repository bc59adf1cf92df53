import CFloor
import Manta

/// Calls between workers of two nodes, beside C ping-pongs that carry as many bytes over TCP and TLS.
struct NetworkCallBenchmarks {
    private let effort: Effort
    private let report: @Sendable (Figure, Double) -> Void
    private let caller: Caller
    private let callee: Callee
    private let processes: ProcessTree

    init(_ cluster: ClusterSystem, _ effort: Effort, report: @escaping @Sendable (Figure, Double) -> Void)
        async throws
    {
        self.effort = effort
        self.report = report
        let nodes = try await cluster.nodes().map(\.id)
        guard nodes.count == 2 else {
            throw BenchmarkError(description: "calls are measured between 2 nodes, not \(nodes.count)")
        }
        callee = try await cluster.spawn(
            Callee.self,
            options: ActorOptions(isolation: .process, placement: .node(nodes[1]))
        )
        caller = try await cluster.spawn(
            Caller.self,
            options: ActorOptions(isolation: .process, placement: .node(nodes[0]))
        )
        processes = ProcessTree(try await cluster.actors().compactMap(\.processID))
    }

    func run(rounds: Int) async throws {
        let tcp = try Floor(CFLOOR_TCP, requestByteCount: 32)
        let tls = try Floor(CFLOOR_TLS, requestByteCount: 32)
        let tcp1KiB = try Floor(CFLOOR_TCP, requestByteCount: 1 << 10)
        let tcp64KiB = try Floor(CFLOOR_TCP, requestByteCount: 64 << 10)
        let tls64KiB = try Floor(CFLOOR_TLS, requestByteCount: 64 << 10)
        let tcp1MiB = try Floor(CFLOOR_TCP, requestByteCount: 1 << 20)
        let tls1MiB = try Floor(CFLOOR_TLS, requestByteCount: 1 << 20)
        _ = try await caller.latencies(of: callee, count: 1_000)
        _ = try await caller.flood(callee, inFlight: 64, count: 6_400)
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds): one at a time")
            report(try tcp.latencies(count: effort.latencyCount), .floorTCPP50, .floorTCPP99)
            report(try tls.latencies(count: effort.latencyCount), .floorTLSP50, .floorTLSP99)
            let latencies = try await caller.latencies(of: callee, count: effort.latencyCount)
            report(Latencies(nanoseconds: latencies), .betweenP50, .betweenP99)

            report(try tcp1KiB.latencies(count: effort.largeLatencyCount), .floorTCP1KiB)
            try await report(byteCount: 1 << 10, .between1KiB)
            report(try tcp64KiB.latencies(count: effort.largeLatencyCount), .floorTCP64KiB)
            report(try tls64KiB.latencies(count: effort.largeLatencyCount), .floorTLS64KiB)
            try await report(byteCount: 64 << 10, .between64KiB)
            report(try tcp1MiB.latencies(count: effort.largeLatencyCount / 4), .floorTCP1MiB)
            report(try tls1MiB.latencies(count: effort.largeLatencyCount / 4), .floorTLS1MiB)
            try await report(byteCount: 1 << 20, .between1MiB)

            Progress.note("round \(round) of \(rounds): many in flight")
            report(.betweenInFlight64, try await floodRate(inFlight: 64))
            let before = processes.processorTime()
            report(.betweenInFlight1000, try await floodRate(inFlight: 1_000))
            let used = processes.processorTime() - before
            report(.betweenProcessorTime, Double(used) / 1_000 / Double(effort.floodCount))
        }
    }

    private func report(_ latencies: Latencies, _ p50: Figure, _ p99: Figure? = nil) {
        report(p50, latencies.p50Microseconds)
        if let p99 { report(p99, latencies.p99Microseconds) }
    }

    private func report(byteCount: Int, _ figure: Figure) async throws {
        let latencies = try await caller.latencies(
            of: callee,
            byteCount: byteCount,
            count: byteCount < 1 << 20 ? effort.largeLatencyCount : effort.largeLatencyCount / 4
        )
        report(Latencies(nanoseconds: latencies), figure)
    }

    private func floodRate(inFlight: Int) async throws -> Double {
        rate(
            effort.floodCount,
            in: try await caller.flood(callee, inFlight: inFlight, count: effort.floodCount)
        )
    }
}
