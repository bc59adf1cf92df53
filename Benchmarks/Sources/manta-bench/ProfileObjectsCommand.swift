import ArgumentParser
import CFloor
import Manta

/// Keeps objects being made, passed or pulled, for a profiler to look at.
struct ProfileObjectsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile-objects",
        abstract: "Keeps objects on their way and says which processes to look at with perf or strace."
    )

    enum Work: String, CaseIterable, ExpressibleByArgument {
        case put, get, value, flood, reference, ownReference = "own-reference", pull
    }

    @Argument(help: "What is done: \(Work.allCases.map(\.rawValue).joined(separator: ", ")).")
    var work: Work

    @Option(help: "How large the objects are.")
    var bytes = 100 << 20

    @Option(help: "What pulled objects are filled with: random, zeros, text.")
    var content = Content.random

    @Option(help: "For how long.")
    var seconds = 20

    func validate() throws {
        guard (1...(1 << 30)).contains(bytes) else { throw ValidationError("--bytes is between 1 and 1 GiB") }
        guard (1...3_600).contains(seconds) else { throw ValidationError("--seconds is between 1 and 3,600") }
    }

    func run() async throws {
        let (work, byteCount, content, seconds) = (work, bytes, content, seconds)
        var configuration = ClusterConfiguration.default
        configuration.nodes = 2
        try await ClusterSystem.run(configuration) { cluster in
            let actors = try await ObjectActors(cluster)
            for actor in try await cluster.actors() {
                Progress.note("\(actor.typeName) lives in process \(actor.processID ?? 0)")
            }
            // The first ones take memory into use.
            for _ in 0..<2 { _ = try await actors.times(of: work, content, byteCount, count: 1) }
            Progress.note("warm")
            let end = cfloor_now() + UInt64(seconds) * 1_000_000_000
            let batch = max(1, min(10_000, (1 << 29) / byteCount))
            var (count, nanoseconds) = (0, UInt64(0))
            while cfloor_now() < end {
                let times = try await actors.times(of: work, content, byteCount, count: batch)
                (count, nanoseconds) = (count + times.count, nanoseconds + times.nanoseconds)
            }
            let each = Double(nanoseconds) / Double(max(count, 1)) / 1_000
            Progress.note(
                "\(each.short) us each, \(gigabytesPerSecond(byteCount * count, in: nanoseconds).short) GB/s"
            )
        }
    }
}

extension Content: ExpressibleByArgument {}

extension ObjectActors {
    /// Does it `count` times, or a few times fewer.
    fileprivate func times(
        of work: ProfileObjectsCommand.Work,
        _ content: Content,
        _ byteCount: Int,
        count: Int
    ) async throws -> (count: Int, nanoseconds: UInt64) {
        switch work {
        case .put: return (count, try await owner.putAndDrop(byteCount: byteCount, count: count))
        case .get:
            let count = min(count, 500)
            return (
                count, try await owner.firstReads(by: reader, byteCount: byteCount, count: count).reduce(0, +)
            )
        case .value: return try await passed(.byValue, byteCount, count)
        case .flood:
            let nanoseconds = try await owner.flood(reader, byteCount: byteCount, inFlight: 8, count: count)
            return (count, nanoseconds)
        case .reference: return try await passed(.byReference, byteCount, count)
        case .ownReference: return try await passed(.byOwnReference, byteCount, count)
        case .pull:
            let nanoseconds = try await farReader.pull(owner.put(content, byteCount: byteCount))
            try await waitForEmptyStores()
            return (1, nanoseconds)
        }
    }

    private func passed(_ passing: Passing, _ byteCount: Int, _ count: Int) async throws -> (Int, UInt64) {
        (
            count,
            try await owner.latencies(of: reader, byteCount: byteCount, passing, count: count).reduce(0, +)
        )
    }
}
