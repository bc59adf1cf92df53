import KMeansMath
import Manta

/// An actor that holds references to some of the partitions, and reads their rows where they lie, round by round.
///
/// The rows are objects in the store of its node: shared memory, of which every process of the node sees the same copy. The
/// worker itself keeps six bytes for each row while seeds are chosen, and two bytes then. It computes for as long as a pass
/// over its partitions takes, so it needs a thread of its own at least.
distributed actor PartitionWorker: Spawnable {
    struct Arguments: Codable, Sendable { var partitioning: Partitioning }

    private struct Partition {
        var rows: ObjectRef<[Float]>
        var state: PartitionState
    }

    private let partitioning: Partitioning
    /// In the order in which they came; calls name them by their places here.
    private var partitions: [Partition] = []

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        partitioning = arguments.partitioning
    }

    // MARK: Filling

    /// Makes the rows of a partition, and puts them into the store of this node, as an object that ends with this process.
    ///
    /// - Parameters:
    ///   - number: Of the partition, among all.
    ///   - mixture: What they are drawn from.
    /// - Throws: `ClusterError` as `put` does: `storeFull`, `outOfDisk`.
    distributed func generate(_ number: Int, of mixture: GaussianMixture) async throws {
        hold(try await actorSystem.put(mixture.rows(partitioning.rows(of: number))), number)
    }

    /// Takes a partition that the driver has put into its own store.
    distributed func take(_ number: Int, _ rows: ObjectRef<[Float]>) { hold(rows, number) }

    private func hold(_ rows: ObjectRef<[Float]>, _ number: Int) {
        let state = PartitionState(
            rowCount: partitioning.rows(of: number).count,
            columnCount: partitioning.columnCount
        )
        partitions.append(Partition(rows: rows, state: state))
    }

    // MARK: Seeding

    /// A row of the partition at a place here.
    distributed func row(_ row: Int, at place: Int) async throws -> [Float] {
        let columnCount = partitioning.columnCount
        return try await partitions[place].rows.withSpan { rows in
            (row * columnCount..<(row + 1) * columnCount).map { rows[$0] }
        }
    }

    /// The row at which the squares of the distances, added up row by row, come past `target`.
    distributed func row(atWeight target: Double, at place: Int) async throws -> [Float] {
        try await row(partitions[place].state.row(at: target), at: place)
    }

    /// For each partition here, the sum of the squares of its rows' distances to the nearest seed, of which this is one more.
    distributed func add(seed: [Float]) async throws -> [Double] {
        let blocks = CentreBlocks(Centres(columnCount: partitioning.columnCount, values: seed))
        return try await onEach { state, rows in state.add(seed: blocks, rows: rows) }
    }

    // MARK: Rounds

    /// For each partition here, its sums: with the nearest centre of each row.
    distributed func assign(to centres: Centres) async throws -> [PartitionSums] {
        let blocks = CentreBlocks(centres)
        return try await onEach { state, rows in state.assign(to: blocks, count: centres.count, rows: rows) }
    }

    private func onEach<R>(_ body: (inout PartitionState, Span<Float>) -> R) async throws -> [R] {
        var results: [R] = []
        for place in partitions.indices {
            try Task.checkCancellation()
            results.append(
                try await partitions[place].rows.withSpan { rows in body(&partitions[place].state, rows) }
            )
        }
        return results
    }
}
