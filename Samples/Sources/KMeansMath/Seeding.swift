internal import SampleSupport

/// Chooses the centres to start from: k-means++, by Arthur and Vassilvitskii (2007).
///
/// The first one is any row. Each of the others is a row that is chosen with a probability that grows with the square of its
/// distance to those before it, so that they lie apart.
package struct Seeding: Sendable {
    package let centreCount: Int
    package let seed: UInt64

    package init(centreCount: Int, seed: UInt64) {
        self.centreCount = centreCount
        self.seed = seed
    }

    /// Reads all rows once for each centre but the last.
    ///
    /// - Parameters:
    ///   - rows: The rows.
    ///   - chosen: Is told how many centres have been chosen so far.
    /// - Returns: The centres.
    /// - Throws: ``TooFewRows`` if fewer rows differ than centres are wanted, and what `rows` throws.
    package func centres(
        of rows: inout some PartitionedRows,
        chosen: (Int) -> Void
    ) async throws -> Centres {
        var random = SeededRandom(seed: seed)
        let first = rows.partitioning.place(
            of: Int.random(in: 0..<rows.partitioning.rowCount, using: &random)
        )
        var seed = try await rows.row(first.row, of: first.partition)
        var centres = Centres(columnCount: rows.partitioning.columnCount)
        centres.append(seed)
        while centres.count < centreCount {
            chosen(centres.count)
            let weights = try await rows.add(seed: seed)
            guard let place = Self.place(of: random.nextShare(), in: weights) else {
                throw TooFewRows(distinctCount: centres.count, centreCount: centreCount)
            }
            seed = try await rows.row(at: place.target, of: place.partition)
            centres.append(seed)
        }
        chosen(centres.count)
        return centres
    }

    /// Where a share of the sum of all weights is reached: in which partition, and at how much of its own.
    private static func place(of share: Double, in weights: [Double]) -> (partition: Int, target: Double)? {
        var target = share * weights.reduce(0, +)
        for (partition, weight) in weights.enumerated() {
            if target < weight { return (partition, target) }
            target -= weight
        }
        // Rounding can put the target at the very end.
        return weights.lastIndex { $0 > 0 }.map { ($0, weights[$0]) }
    }
}

/// The rows are too much alike.
package struct TooFewRows: Error, CustomStringConvertible {
    package var distinctCount: Int
    package var centreCount: Int

    package var description: String {
        "only \(distinctCount) of the rows differ from each other, too few for \(centreCount) clusters"
    }
}

extension SeededRandom {
    /// From 0 to 1, without 1.
    fileprivate mutating func nextShare() -> Double { Double(next() >> 11) * 0x1p-53 }
}
