import CFloor
import Manta

/// Objects that are read on another node than the one on which they were made.
struct PullBenchmarks {
    let cluster: ClusterSystem
    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void
    let owner: Owner
    /// On the other node.
    let reader: Reader

    /// Takes the memory of both stores into use.
    func warmUp() async throws {
        for _ in 0..<2 { _ = try await pull(.random, byteCount: 1 << 30) }
    }

    func run() async throws {
        let processes = try ProcessTree.current()
        for (content, figure) in [
            (Content.random, Figure.pullRandom), (.zeros, .pullZeros), (.text, .pullText),
        ] {
            let (nanoseconds, used) = try await pull(content, byteCount: 1 << 30, processes)
            report(figure, gigabytesPerSecond(1 << 30, in: nanoseconds))
            if content == .random { report(.pullProcessorTime, Double(used) / Double(1 << 30)) }
        }

        let (byteCount, count) = (100 << 20, effort.largePullCount)
        var nanoseconds: UInt64 = 0
        for _ in 0..<count {
            nanoseconds += try await pull(.random, byteCount: byteCount, processes).nanoseconds
        }
        report(.pullSmaller, gigabytesPerSecond(byteCount * count, in: nanoseconds))
        let latencies = try await owner.latencies(
            of: reader,
            byteCount: byteCount,
            .byOwnReference,
            count: count
        )
        report(.putAndPull, Latencies(nanoseconds: latencies).p50Milliseconds)
        try await waitForEmptyStores()
    }

    /// Pulls a new object: how long that took, and the processor time of `processes` for it, both in nanoseconds.
    private func pull(
        _ content: Content,
        byteCount: Int,
        _ processes: ProcessTree? = nil
    ) async throws -> (nanoseconds: UInt64, processorTime: UInt64) {
        let result: (UInt64, UInt64)
        do {
            let object = try await owner.put(content, byteCount: byteCount)
            let before = processes?.processorTime() ?? 0
            let nanoseconds = try await reader.pull(object)
            result = (nanoseconds, (processes?.processorTime() ?? 0) - before)
        }
        try await waitForEmptyStores()
        return result
    }

    /// Else the next object would take memory that has not been used, in the place of this one's.
    private func waitForEmptyStores() async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            if try await cluster.nodes().allSatisfy({ $0.storeUsed < 1 << 20 }) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        let used = try await cluster.nodes().map { "\($0.storeUsed) bytes on \($0.id)" }
        throw BenchmarkError(
            description: "objects that were dropped are still there: \(used.joined(separator: ", "))"
        )
    }
}
