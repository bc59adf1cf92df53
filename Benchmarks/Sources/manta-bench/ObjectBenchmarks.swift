import CFloor
import Manta

/// Large objects: made, read where they lie, and pulled to another node.
struct ObjectBenchmarks {
    private static let large = 100 << 20

    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

    private let actors: ObjectActors
    private let pulls: PullBenchmarks

    init(_ cluster: ClusterSystem, _ effort: Effort, report: @escaping @Sendable (Figure, Double) -> Void)
        async throws
    {
        self.effort = effort
        self.report = report
        actors = try await ObjectActors(cluster)
        pulls = PullBenchmarks(actors: actors, effort: effort, report: report)
    }

    func run(rounds: Int) async throws {
        let copy = try CopyFloor(byteCount: Self.large)
        let stream = try StreamFloor(byteCount: 1 << 30)
        let shortStream = try StreamFloor(byteCount: Self.large)
        Progress.note("warming up")
        try await pulls.warmUp()
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds): one node")
            let copied = copy.nanoseconds(count: effort.largePutCount)
            report(.floorCopy, gigabytesPerSecond(Self.large * effort.largePutCount, in: copied))
            try await measureLarge()

            Progress.note("round \(round) of \(rounds): two nodes")
            let sent = try stream.send()
            report(.floorStream, gigabytesPerSecond(1 << 30, in: sent.nanoseconds))
            report(.floorPullProcessorTime, Double(sent.processorTime) / Double(1 << 30))
            let copyTime = Double(copied) / Double(effort.largePutCount) / 1e6
            report(.floorPutAndPull, copyTime + Double(try shortStream.send().nanoseconds) / 1e6)
            try await pulls.run()
        }
    }

    private func measureLarge() async throws {
        let count = effort.largePutCount
        let taken = try await actors.owner.putRandom(byteCount: Self.large, count: count, keeping: false)
        report(.putLarge, gigabytesPerSecond(Self.large * count, in: taken))
        let object = try await actors.owner.put(.random, byteCount: Self.large)
        let spans = try await actors.reader.spans(of: object, count: effort.largeLatencyCount)
        report(.spanLarge, Latencies(nanoseconds: spans).p50Microseconds)
    }
}
