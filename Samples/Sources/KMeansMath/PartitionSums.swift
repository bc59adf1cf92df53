/// What a round needs to know of the rows of one partition, or of several together: for each centre, of those rows that it
/// is nearest to.
///
/// In Double, which loses less over millions of rows.
package struct PartitionSums: Codable, Hashable, Sendable {
    /// How many rows there are.
    package internal(set) var counts: [Int]
    /// The sums of their columns, one centre after the other.
    package internal(set) var sums: [Double]
    /// The sums of the squares of their distances.
    package internal(set) var inertias: [Double]
    /// How many rows had another nearest centre in the round before, or none.
    package internal(set) var movedCount = 0

    package init(centreCount: Int, columnCount: Int) {
        counts = Array(repeating: 0, count: centreCount)
        sums = Array(repeating: 0, count: centreCount * columnCount)
        inertias = Array(repeating: 0, count: centreCount)
    }

    /// The sum of partitions, taken in their order, because each sum is rounded: added as they come in, they would give
    /// another last bit each time.
    package init(adding partitions: some Sequence<PartitionSums>, centreCount: Int, columnCount: Int) {
        self.init(centreCount: centreCount, columnCount: columnCount)
        for partition in partitions { add(partition) }
    }

    private mutating func add(_ other: PartitionSums) {
        for centre in counts.indices {
            counts[centre] += other.counts[centre]
            inertias[centre] += other.inertias[centre]
        }
        for place in sums.indices { sums[place] += other.sums[place] }
        movedCount += other.movedCount
    }

    /// The sum of the squares of the distances of all rows: what k-means makes small.
    package var inertia: Double { inertias.reduce(0, +) }
}
