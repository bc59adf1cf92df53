public import ArgumentParser
import KMeansMath
public import Manta

/// The command line: says what to do, and leaves doing it to ``KMeansJob``.
///
/// A worker process is this same program, started with the same arguments, so all of this runs there too, up
/// to `ClusterSystem.run`, which does not return in a worker. That is why nothing here looks at files.
@main
struct KMeansCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kmeans",
        abstract: "Clusters the rows of a matrix by k-means, in worker processes that share its memory.",
        discussion: """
            The rows lie in the object stores of the nodes, in partitions. In each round the workers read their partitions \
            where they are, without a copy, and find the nearest centre of each row; this process adds up what they say and \
            moves the centres. For the same rows and seed the result is the same to the last bit, whatever the number of \
            workers and nodes.

            Without --input, rows are drawn from as many normal distributions as there are clusters.

            EXAMPLES:
              kmeans --rows 4000000 --columns 32 --clusters 8 --verify
              kmeans --input matrix.f32 --columns 100 --clusters 20 --nodes 2
            """
    )

    @OptionGroup(title: "Data")
    var data: DataOptions

    @OptionGroup(title: "Algorithm")
    var algorithm: AlgorithmOptions

    @Option(
        help: ArgumentHelp(
            "How many workers there are. (default: one for each processor of the nodes that is free)",
            valueName: "number"
        )
    )
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "What a worker has of its own: a process, or a thread of one.",
            valueName: "isolation"
        )
    )
    var isolation = Isolation.process

    @Option(
        help: ArgumentHelp(
            "How many nodes the cluster has; each has a store and workers of its own. (default: 1)",
            valueName: "number"
        )
    )
    var nodes: Int?

    @Flag(help: "Run the same in this process alone, and require that the results are equal to the last bit.")
    var verify = false

    func validate() throws {
        if let workers, !(1...1_000).contains(workers) {
            throw ValidationError("--workers is between 1 and 1000, not \(workers)")
        }
        if let nodes, !(1...1_000).contains(nodes) {
            throw ValidationError("--nodes is between 1 and 1000, not \(nodes)")
        }
        guard isolation != .shared else {
            throw ValidationError(
                "--isolation is process or thread: a worker computes, and would hold up those that share its lane"
            )
        }
        try algorithm.validate(data)
    }

    func run() async throws {
        let plan = KMeansPlan(
            input: data.input.map { .file(path: $0) } ?? .generated(rowCount: data.rowCount),
            columnCount: data.columnCount,
            centreCount: algorithm.centreCount(data),
            seed: algorithm.seed,
            lloyd: Lloyd(tolerance: algorithm.tolerance, roundLimit: algorithm.maxRounds),
            workerCount: workers,
            isolation: isolation,
            verifies: verify
        )
        var configuration = ClusterConfiguration.default
        if let nodes { configuration.nodes = nodes }
        let job = KMeansJob(plan: plan, isEmbedded: configuration.address == nil)
        let succeeded = try await ClusterSystem.run(configuration) { cluster in try await job.run(on: cluster)
        }
        guard succeeded else { throw ExitCode.failure }
    }
}

// Its cases are the values of `--isolation`. The conformance of a public type to a public protocol is public:
// hence the imports.
extension Isolation: @retroactive ExpressibleByArgument {}
