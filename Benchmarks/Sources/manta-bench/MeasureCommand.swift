import ArgumentParser
import CFloor
import Glibc
import Manta

extension Measurement: ExpressibleByArgument {}
extension Effort: ExpressibleByArgument {}

/// Makes one measurement in a cluster of its own and writes what it found to the standard output, for
/// `MantaBench` to read.
///
/// Its workers are processes of this same program with the same arguments, which become workers in
/// `ClusterSystem.run`.
struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Makes one measurement (what manta-bench starts by itself).",
        shouldDisplay: false
    )

    /// When the process was started, on the monotonic clock.
    static let startVariable = "MANTA_BENCH_STARTED"

    @Argument var measurement: Measurement
    @Argument var effort: Effort
    @Argument var rounds: Int

    func run() async throws {
        let (measurement, rounds, effort) = (measurement, rounds, effort)
        try await ClusterSystem.run { cluster in
            let results = try ResultPipe()
            // A default timeout of 30 seconds would also hold for a call that measures for longer.
            try await withCallOptions(timeout: .seconds(600)) {
                try await Self.measure(measurement, cluster, effort, rounds, results)
            }
        }
    }

    private static func measure(
        _ measurement: Measurement,
        _ cluster: ClusterSystem,
        _ effort: Effort,
        _ rounds: Int,
        _ results: ResultPipe
    ) async throws {
        switch measurement {
        case .calls: try await CallBenchmarks(cluster, effort) { results.send($0, $1) }.run(rounds: rounds)
        case .standardCalls:
            try await CallBenchmarks(cluster, effort) { results.send($0, $1) }.runStandardDispatch(
                rounds: rounds
            )
        case .actors:
            try await ActorBenchmarks(cluster: cluster, effort: effort) { results.send($0, $1) }.run(
                rounds: rounds
            )
        case .directory:
            try await DirectoryBenchmarks(cluster: cluster, effort: effort) { results.send($0, $1) }.run(
                rounds: rounds
            )
        case .cluster:
            let started = getenv(startVariable).flatMap { UInt64(String(cString: $0)) } ?? cfloor_now()
            try await ClusterBenchmarks(cluster: cluster, effort: effort) { results.send($0, $1) }.run(
                started: started
            )
        case .objects:
            try await ObjectBenchmarks(cluster, effort) { results.send($0, $1) }.run(rounds: rounds)
        case .objectCalls:
            try await ObjectCallBenchmarks(cluster, effort) { results.send($0, $1) }.run(rounds: rounds)
        case .coldStore:
            try await ColdStoreBenchmarks(cluster: cluster, effort: effort) { results.send($0, $1) }.run()
        case .networkCalls:
            try await NetworkCallBenchmarks(cluster, effort) { results.send($0, $1) }.run(rounds: rounds)
        case .networkActors:
            try await NetworkActorBenchmarks(cluster, effort) { results.send($0, $1) }.run(rounds: rounds)
        case .networkCrowd:
            try await NetworkActorBenchmarks(cluster, effort) { results.send($0, $1) }.runCrowd()
        case .networkObjects:
            try await NetworkObjectBenchmarks(cluster, effort) { results.send($0, $1) }.run(rounds: rounds)
        case .failover:
            try await FailoverBenchmarks(cluster, effort) { results.send($0, $1) }.run(rounds: rounds)
        }
    }
}
