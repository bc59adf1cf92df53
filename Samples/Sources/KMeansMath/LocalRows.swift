/// Rows in the memory of this process, taken by one thread, one partition after the other.
package struct LocalRows: PartitionedRows {
    package let partitioning: Partitioning
    private let partitions: [[Float]]
    private var states: [PartitionState]

    /// - Parameters:
    ///   - partitioning: How the rows are cut.
    ///   - partitions: All partitions, in order.
    package init(_ partitioning: Partitioning, _ partitions: [[Float]]) {
        self.partitioning = partitioning
        self.partitions = partitions
        states = (0..<partitioning.count).map {
            PartitionState(rowCount: partitioning.rows(of: $0).count, columnCount: partitioning.columnCount)
        }
    }

    package func row(_ number: Int, of partition: Int) -> [Float] {
        let columnCount = partitioning.columnCount
        return Array(partitions[partition][number * columnCount..<(number + 1) * columnCount])
    }

    package mutating func add(seed: [Float]) -> [Double] {
        let blocks = CentreBlocks(Centres(columnCount: partitioning.columnCount, values: seed))
        return partitions.enumerated().map { states[$0].add(seed: blocks, rows: $1.span) }
    }

    package func row(at target: Double, of partition: Int) -> [Float] {
        row(states[partition].row(at: target), of: partition)
    }

    package mutating func assign(to centres: Centres) -> [PartitionSums] {
        let blocks = CentreBlocks(centres)
        return partitions.enumerated().map {
            states[$0].assign(to: blocks, count: centres.count, rows: $1.span)
        }
    }
}
