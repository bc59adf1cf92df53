/// Lloyd's algorithm: each row goes to its nearest centre, each centre to the mean of its rows, again and again.
///
/// It runs here, whoever reads the rows: each round hands the centres out and adds up what comes back. For the same rows in
/// the same partitions the result is the same to the last bit.
package struct Lloyd: Sendable {
    /// It ends after a round in which at most this share of the rows changed to another centre.
    package let tolerance: Double
    /// It ends after so many rounds in any case.
    package let roundLimit: Int

    package init(tolerance: Double, roundLimit: Int) {
        self.tolerance = tolerance
        self.roundLimit = roundLimit
    }

    /// - Parameters:
    ///   - rows: The rows.
    ///   - centres: Where to start from.
    ///   - ended: Is told of each round.
    /// - Returns: The clusters.
    /// - Throws: What `rows` throws.
    package func run(
        on rows: inout some PartitionedRows,
        from centres: Centres,
        ended: (Round) -> Void
    ) async throws -> Clustering {
        var clustering = Clustering(centres: centres)
        let rowCount = Double(rows.partitioning.rowCount)
        while clustering.rounds.count < roundLimit, !clustering.hasConverged {
            let partitions = try await rows.assign(to: clustering.centres)
            let sums = PartitionSums(
                adding: partitions,
                centreCount: centres.count,
                columnCount: centres.columnCount
            )
            let round = Round(
                number: clustering.rounds.count + 1,
                inertia: sums.inertia,
                movedShare: Double(sums.movedCount) / rowCount
            )
            clustering.rounds.append(round)
            clustering.hasConverged = round.movedShare <= tolerance
            clustering.rowCounts = sums.counts
            clustering.inertias = sums.inertias
            clustering.centres = clustering.centres.moved(to: sums)
            ended(round)
        }
        return clustering
    }
}
