/// What a run ended with.
package struct Clustering: Sendable {
    /// The means of the clusters.
    package internal(set) var centres: Centres
    /// How many rows each cluster has.
    package internal(set) var rowCounts: [Int] = []
    /// For each cluster, the sum of the squares of its rows' distances to the centre that they were assigned to.
    package internal(set) var inertias: [Double] = []
    package internal(set) var rounds: [Round] = []
    /// Whether hardly any row moved in the last round.
    package internal(set) var hasConverged = false

    init(centres: Centres) { self.centres = centres }

    /// What is not the same to the last bit, in words; nothing where all is.
    package func differences(from other: Clustering) -> [String] {
        var differences: [String] = []
        func compare(_ what: String, _ left: some Sequence<UInt64>, _ right: some Sequence<UInt64>) {
            if !left.elementsEqual(right) { differences.append(what) }
        }
        if rounds.count != other.rounds.count {
            differences.append("the number of rounds: \(rounds.count) and \(other.rounds.count)")
        }
        for (left, right) in zip(rounds, other.rounds) where left != right {
            differences.append("round \(left.number): \(left) and \(right)")
        }
        compare("the numbers of rows", rowCounts.map { UInt64($0) }, other.rowCounts.map { UInt64($0) })
        compare("the inertias", inertias.map(\.bitPattern), other.inertias.map(\.bitPattern))
        compare(
            "the centres",
            centres.values.map { UInt64($0.bitPattern) },
            other.centres.values.map { UInt64($0.bitPattern) }
        )
        return differences
    }
}

/// What came out of one round.
package struct Round: Hashable, Sendable {
    /// Counted from 1.
    package var number: Int
    /// The sum of the squares of all rows' distances to their centres.
    package var inertia: Double
    /// The share of the rows that changed to another centre, from 0 to 1; in the first round, all.
    package var movedShare: Double
}
