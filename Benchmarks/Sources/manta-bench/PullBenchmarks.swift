import CFloor
import Manta

/// Objects that are read on another node than the one on which they were made.
struct PullBenchmarks {
    let actors: ObjectActors
    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

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
        let latencies = try await actors.owner.latencies(
            of: actors.farReader,
            byteCount: byteCount,
            .byOwnReference,
            count: count
        )
        report(.putAndPull, Latencies(nanoseconds: latencies).p50Milliseconds)
        try await actors.waitForEmptyStores()
    }

    /// Pulls a new object: how long that took, and the processor time of `processes` for it, both in nanoseconds.
    private func pull(
        _ content: Content,
        byteCount: Int,
        _ processes: ProcessTree? = nil
    ) async throws -> (nanoseconds: UInt64, processorTime: UInt64) {
        let result: (UInt64, UInt64)
        do {
            let object = try await actors.owner.put(content, byteCount: byteCount)
            let before = processes?.processorTime() ?? 0
            let nanoseconds = try await actors.farReader.pull(object)
            result = (nanoseconds, (processes?.processorTime() ?? 0) - before)
        }
        try await actors.waitForEmptyStores()
        return result
    }
}
