/// How the rows of a matrix are cut into partitions: all of the same size, but for the last.
///
/// It depends on the matrix alone and not on who works on it, because sums are taken partition by partition: with another
/// cut they would be rounded elsewhere.
package struct Partitioning: Codable, Hashable, Sendable {
    package let rowCount: Int
    package let columnCount: Int
    package let rowsPerPartition: Int

    /// At most so much at a time is copied on its way into the store.
    private static let largestByteCount = 8 << 20
    /// So many partitions, where that makes none too large, that any few workers get about as much to do.
    private static let wantedCount = 64
    /// So much that a partition is worth the bookkeeping.
    private static let smallestByteCount = 64 << 10

    package init(rowCount: Int, columnCount: Int) {
        precondition(rowCount > 0 && columnCount > 0)
        self.rowCount = rowCount
        self.columnCount = columnCount
        let rowByteCount = columnCount * MemoryLayout<Float>.size
        let share = (rowCount + Self.wantedCount - 1) / Self.wantedCount
        let least = Self.smallestByteCount / rowByteCount
        let most = Self.largestByteCount / rowByteCount
        rowsPerPartition = max(1, min(max(share, least), most))
    }

    /// How many partitions there are.
    package var count: Int { (rowCount + rowsPerPartition - 1) / rowsPerPartition }

    /// Of all rows.
    package var byteCount: Int { rowCount * columnCount * MemoryLayout<Float>.size }

    /// The rows of a partition, counted from 0.
    package func rows(of partition: Int) -> Range<Int> {
        let first = partition * rowsPerPartition
        return first..<min(first + rowsPerPartition, rowCount)
    }

    /// The partition in which a row is, and its place there.
    package func place(of row: Int) -> (partition: Int, row: Int) {
        (row / rowsPerPartition, row % rowsPerPartition)
    }
}
