import KMeansMath
import Testing

@Suite("Partitioning")
struct PartitioningTests {
    @Test(
        "covers each row once",
        arguments: [(1, 1), (7, 3), (20_000, 16), (1_000_000, 64), (300, 10_000), (3, 4_000_000)]
    )
    func covers(rowCount: Int, columnCount: Int) {
        let partitioning = Partitioning(rowCount: rowCount, columnCount: columnCount)
        let ranges = (0..<partitioning.count).map { partitioning.rows(of: $0) }
        #expect(ranges.first?.lowerBound == 0)
        #expect(ranges.last?.upperBound == rowCount)
        #expect(ranges.allSatisfy { !$0.isEmpty })
        for (left, right) in zip(ranges, ranges.dropFirst()) { #expect(left.upperBound == right.lowerBound) }
        for row in [0, rowCount / 2, rowCount - 1] {
            let place = partitioning.place(of: row)
            #expect(partitioning.rows(of: place.partition).lowerBound + place.row == row)
        }
    }

    @Test("makes partitions of 8 MiB at most, unless a row is larger")
    func sizes() {
        #expect(Partitioning(rowCount: 1_000_000, columnCount: 64).rowsPerPartition == 15_625)
        #expect(Partitioning(rowCount: 100_000_000, columnCount: 64).rowsPerPartition == 32_768)
        #expect(Partitioning(rowCount: 3, columnCount: 4_000_000).rowsPerPartition == 1)
    }
}
