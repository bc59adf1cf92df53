import CFloor
import Manta

/// Small objects, and calls whose arguments are large, between two workers of one node.
struct ObjectCallBenchmarks {
    private static let small = 1 << 10
    private static let large = 100 << 20

    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

    private let owner: Owner
    private let reader: Reader

    init(_ cluster: ClusterSystem, _ effort: Effort, report: @escaping @Sendable (Figure, Double) -> Void)
        async throws
    {
        self.effort = effort
        self.report = report
        let actors = try await ObjectActors(cluster)
        (owner, reader) = (actors.owner, actors.reader)
    }

    func run(rounds: Int) async throws {
        let floor = try Floor(requestByteCount: 32)
        let floor64KiB = try Floor(requestByteCount: 64 << 10)
        let floor1MiB = try Floor(requestByteCount: 1 << 20)
        let copy = try CopyFloor(byteCount: Self.large)
        try await warmUp()
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds): small objects")
            try await measureSmall()

            Progress.note("round \(round) of \(rounds): calls")
            report(.floorP50, try floor.latencies(count: effort.largeLatencyCount).p50Microseconds)
            report(.floor64KiB, try floor64KiB.latencies(count: effort.passCount).p50Microseconds)
            try await measure(64 << 10, .byValue, .value64KiB)
            try await measure(64 << 10, .byReference, .reference64KiB)
            report(.floor1MiB, try floor1MiB.latencies(count: effort.passCount).p50Microseconds)
            try await measure(1 << 20, .byValue, .value1MiB)
            try await measure(1 << 20, .byReference, .reference1MiB)
            try await measure(Self.large, .byReference, .reference100MiB)
            try await measureInFlight(64 << 10, .value64KiBInFlight)
            try await measureInFlight(1 << 20, .value1MiBInFlight)

            let count = effort.largePassCount
            report(.floorCopyTime, Double(copy.nanoseconds(count: count)) / Double(count) / 1e6)
            report(.value100MiB, try await latencies(Self.large, .byValue, count).p50Milliseconds)
            report(
                .ownReference100MiB,
                try await latencies(Self.large, .byOwnReference, count).p50Milliseconds
            )
        }
    }

    private func warmUp() async throws {
        Progress.note("warming up")
        _ = try await owner.putAndDrop(byteCount: Self.small, count: 1_000)
        _ = try await owner.firstReads(by: reader, byteCount: Self.small, count: 500)
        _ = try await latencies(64 << 10, .byValue, 1_000)
        _ = try await latencies(1 << 20, .byValue, 100)
        _ = try await latencies(Self.large, .byValue, 3)
    }

    private func measureSmall() async throws {
        let taken = try await owner.putAndDrop(byteCount: Self.small, count: effort.smallPutCount)
        report(.putSmall, rate(effort.smallPutCount, in: taken))
        // In parts, because a list of references that is too long for a frame would go another way.
        var first: [UInt64] = []
        for _ in 0..<(effort.smallReadCount / 500) {
            first += try await owner.firstReads(by: reader, byteCount: Self.small, count: 500)
        }
        report(.getSmall, Latencies(nanoseconds: first).p50Microseconds)
        let object = try await owner.put(.random, byteCount: Self.small)
        let again = try await reader.getAgain(object, batchCount: effort.smallReadCount)
        report(.getSmallAgain, Latencies(nanoseconds: again).p50Microseconds)
    }

    private func measure(_ byteCount: Int, _ passing: Passing, _ figure: Figure) async throws {
        report(figure, try await latencies(byteCount, passing, effort.passCount).p50Microseconds)
    }

    private func latencies(_ byteCount: Int, _ passing: Passing, _ count: Int) async throws -> Latencies {
        let nanoseconds = try await owner.latencies(of: reader, byteCount: byteCount, passing, count: count)
        return Latencies(nanoseconds: nanoseconds)
    }

    private func measureInFlight(_ byteCount: Int, _ figure: Figure) async throws {
        let nanoseconds = try await owner.flood(
            reader,
            byteCount: byteCount,
            inFlight: 8,
            count: effort.passCount
        )
        report(figure, rate(effort.passCount, in: nanoseconds))
    }
}
