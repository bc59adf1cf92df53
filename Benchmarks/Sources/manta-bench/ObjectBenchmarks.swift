import CFloor
import Manta

/// Objects of one node: made, read, and passed to another process of it.
struct ObjectBenchmarks {
    private static let large = 100 << 20

    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

    private let owner: Owner
    private let reader: Reader
    private let pulls: PullBenchmarks

    init(_ cluster: ClusterSystem, _ effort: Effort, report: @escaping @Sendable (Figure, Double) -> Void)
        async throws
    {
        self.effort = effort
        self.report = report
        let actors = try await ObjectActors(cluster)
        owner = actors.owner
        reader = actors.reader
        pulls = PullBenchmarks(actors: actors, effort: effort, report: report)
    }

    func run(rounds: Int) async throws {
        let floor = try Floor(requestByteCount: 32)
        let floor64KiB = try Floor(requestByteCount: 64 << 10)
        let floor1MiB = try Floor(requestByteCount: 1 << 20)
        let copy = try CopyFloor(byteCount: Self.large)
        let stream = try StreamFloor(byteCount: 1 << 30)
        let shortStream = try StreamFloor(byteCount: Self.large)
        try await warmUp()
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds): small objects")
            try await measureSmall()

            Progress.note("round \(round) of \(rounds): large objects")
            let copied = copy.nanoseconds(count: effort.largePutCount)
            let copyTime = Double(copied) / Double(effort.largePutCount) / 1e6
            report(.floorCopy, gigabytesPerSecond(Self.large * effort.largePutCount, in: copied))
            report(.floorCopyTime, copyTime)
            try await measureLarge()

            Progress.note("round \(round) of \(rounds): calls with large arguments")
            report(.floorP50, try floor.latencies(count: effort.largeLatencyCount).p50Microseconds)
            report(.floor64KiB, try floor64KiB.latencies(count: effort.mediumPassCount).p50Microseconds)
            try await measurePassing(64 << 10, .byValue, .value64KiB)
            try await measurePassing(64 << 10, .byReference, .reference64KiB)
            report(.floor1MiB, try floor1MiB.latencies(count: effort.mediumPassCount).p50Microseconds)
            try await measurePassing(1 << 20, .byValue, .value1MiB)
            try await measurePassing(1 << 20, .byReference, .reference1MiB)
            try await measurePassing(Self.large, .byValue, .value100MiB)
            try await measurePassing(Self.large, .byReference, .reference100MiB)
            try await measurePassing(Self.large, .byOwnReference, .ownReference100MiB)

            Progress.note("round \(round) of \(rounds): pulls")
            let sent = try stream.send()
            report(.floorStream, gigabytesPerSecond(1 << 30, in: sent.nanoseconds))
            report(.floorPullProcessorTime, Double(sent.processorTime) / Double(1 << 30))
            report(.floorPutAndPull, copyTime + Double(try shortStream.send().nanoseconds) / 1e6)
            try await pulls.run()
        }
    }

    private func warmUp() async throws {
        Progress.note("warming up")
        _ = try await owner.putAndDrop(byteCount: 1 << 10, count: 1_000)
        _ = try await owner.firstReads(by: reader, byteCount: 1 << 10, count: 1_000)
        try await pulls.warmUp()
    }

    private func measureSmall() async throws {
        let byteCount = 1 << 10
        let taken = try await owner.putAndDrop(byteCount: byteCount, count: effort.smallPutCount)
        report(.putSmall, rate(effort.smallPutCount, in: taken))
        // In parts, because a call that is too long to be in a frame would measure something else.
        var first: [UInt64] = []
        for _ in 0..<(effort.smallReadCount / 500) {
            first += try await owner.firstReads(by: reader, byteCount: byteCount, count: 500)
        }
        report(.getSmall, Latencies(nanoseconds: first).p50Microseconds)
        let object = try await owner.put(.random, byteCount: byteCount)
        let again = try await reader.getAgain(object, batchCount: effort.smallReadCount)
        report(.getSmallAgain, Latencies(nanoseconds: again).p50Microseconds)
    }

    private func measureLarge() async throws {
        let count = effort.largePutCount
        let taken = try await owner.putRandom(byteCount: Self.large, count: count, keeping: false)
        report(.putLarge, gigabytesPerSecond(Self.large * count, in: taken))
        let object = try await owner.put(.random, byteCount: Self.large)
        let spans = try await reader.spans(of: object, count: effort.largeLatencyCount)
        report(.spanLarge, Latencies(nanoseconds: spans).p50Microseconds)
    }

    private func measurePassing(_ byteCount: Int, _ passing: Passing, _ figure: Figure) async throws {
        let isCopied = byteCount == Self.large && passing != .byReference
        let latencies = Latencies(
            nanoseconds: try await owner.latencies(
                of: reader,
                byteCount: byteCount,
                passing,
                count: isCopied ? effort.largePassCount : effort.mediumPassCount
            )
        )
        report(figure, isCopied ? latencies.p50Milliseconds : latencies.p50Microseconds)
    }
}
