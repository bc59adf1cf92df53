import KMeansMath
import SampleSupport

/// Runs the same algorithm in this process alone, on rows that are made or read anew, and compares.
///
/// The partitions are the same and are added up in the same order, so the results have to be equal to the last bit: no
/// tolerance is needed. What is checked is all that lies between: that the store holds the right rows, that each worker
/// has read its own, and that no answer was lost or taken for another.
///
/// It needs memory for all rows once more, in this process.
struct Verification: Sendable {
    var plan: KMeansPlan
    var source: RowSource

    func run(against result: Clustering, _ progress: Progress) async throws -> Outcome {
        let start = ContinuousClock.now
        let partitioning = source.partitioning
        progress.begin("verifying: filling", of: partitioning.count, "partitions")
        var rows = LocalRows(
            partitioning,
            try (0..<partitioning.count).map { partition in
                progress.step()
                return try source.rows(partitioning.rows(of: partition))
            }
        )
        progress.begin("verifying: seeding", of: plan.centreCount, "centres")
        let seeds = try await plan.seeding.centres(of: &rows) { _ in progress.step() }
        progress.begin("verifying", of: result.rounds.count, "rounds")
        let expected = try await plan.lloyd.run(on: &rows, from: seeds) { _ in progress.step() }
        return Outcome(
            differences: result.differences(from: expected),
            roundCount: result.rounds.count,
            duration: ContinuousClock.now - start
        )
    }

    struct Outcome: CustomStringConvertible {
        var differences: [String]
        var roundCount: Int
        var duration: Duration

        var isEqual: Bool { differences.isEmpty }

        var description: String {
            guard isEqual else {
                return "NOT verified: the cluster and one process alone differ in\n"
                    + differences.map { "  \($0)" }.joined(separator: "\n")
            }
            return """
                verified: one process alone finds the same clusters in the same \(roundCount) rounds, equal to the last bit \
                (\(duration.formattedSeconds) s)
                """
        }
    }
}
