import KMeansMath
import SampleSupport

/// Takes the partitions of each step in another order, as workers may.
struct ShuffledRows: PartitionedRows {
    let partitioning: Partitioning
    private let partitions: [[Float]]
    private var states: [PartitionState]
    private var random: SeededRandom

    init(_ partitioning: Partitioning, _ partitions: [[Float]], seed: UInt64) {
        self.partitioning = partitioning
        self.partitions = partitions
        states = partitions.map {
            PartitionState(
                rowCount: $0.count / partitioning.columnCount,
                columnCount: partitioning.columnCount
            )
        }
        random = SeededRandom(seed: seed)
    }

    func row(_ number: Int, of partition: Int) -> [Float] {
        let columnCount = partitioning.columnCount
        return Array(partitions[partition][number * columnCount..<(number + 1) * columnCount])
    }

    func row(at target: Double, of partition: Int) -> [Float] {
        row(states[partition].row(at: target), of: partition)
    }

    mutating func add(seed: [Float]) -> [Double] {
        let blocks = CentreBlocks(Centres(columnCount: partitioning.columnCount, values: seed))
        return inAnyOrder { state, rows in state.add(seed: blocks, rows: rows.span) }
    }

    mutating func assign(to centres: Centres) -> [PartitionSums] {
        let blocks = CentreBlocks(centres)
        return inAnyOrder { state, rows in state.assign(to: blocks, count: centres.count, rows: rows.span) }
    }

    private mutating func inAnyOrder<R>(_ body: (inout PartitionState, [Float]) -> R) -> [R] {
        let results = partitions.indices.shuffled(using: &random).map { partition in
            (partition, body(&states[partition], partitions[partition]))
        }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
