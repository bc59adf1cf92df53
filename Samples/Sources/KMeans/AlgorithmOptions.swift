import ArgumentParser
import KMeansMath

/// The part of the command line that says how the rows are clustered.
struct AlgorithmOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("How many clusters there are. (default: 16; with --quick, 8)", valueName: "number")
    )
    var clusters: Int?

    @Option(
        help: ArgumentHelp(
            "Of the rows that are generated, and of the centres to start from.",
            valueName: "number"
        )
    )
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Ends after a round in which at most this share of the rows changed to another cluster; 0 for none.",
            valueName: "share"
        )
    )
    var tolerance = 0.001

    @Option(help: ArgumentHelp("Ends after so many rounds in any case.", valueName: "number"))
    var maxRounds = 100

    /// What a worker sends for a partition grows with this.
    private static let valueLimit = 1_000_000

    func centreCount(_ data: DataOptions) -> Int { clusters ?? (data.quick ? 8 : 16) }

    func validate() throws {
        if let clusters, !(1...PartitionState.centreLimit).contains(clusters) {
            throw ValidationError(
                "--clusters is between 1 and \(PartitionState.centreLimit), not \(clusters)"
            )
        }
        guard tolerance >= 0, tolerance < 1 else {
            throw ValidationError("--tolerance is a share, from 0 to less than 1, not \(tolerance)")
        }
        guard (1...1_000_000).contains(maxRounds) else {
            throw ValidationError("--max-rounds is between 1 and 1000000, not \(maxRounds)")
        }
    }

    /// Refuses what makes no sense together with the rows.
    func validate(_ data: DataOptions) throws {
        let centreCount = centreCount(data)
        guard data.input != nil || centreCount <= data.rowCount else {
            throw ValidationError("--clusters \(centreCount) is more than --rows \(data.rowCount)")
        }
        guard centreCount * data.columnCount <= Self.valueLimit else {
            throw ValidationError(
                "--clusters \(centreCount) of --columns \(data.columnCount) is more than \(Self.valueLimit) numbers"
            )
        }
    }
}
