import KMeansMath
import Manta

/// The rows as the driver sees them: in the stores of the nodes, read by workers.
///
/// Partition after partition goes to one worker after the other, so worker *w* of *n* holds the partitions *w*, *w + n*,
/// *w + 2n* and so on, in this order. Answers are put back into the order of the partitions, whoever answered first.
struct ClusterRows: PartitionedRows {
    let partitioning: Partitioning
    let workers: [PartitionWorker]

    /// Spawns the workers, each of which holds a processor, all at once.
    ///
    /// - Parameters:
    ///   - cluster: Where.
    ///   - partitioning: How the rows are cut.
    ///   - workerCount: How many workers there are to be.
    ///   - isolation: Whether each has a process or a thread of its own.
    /// - Returns: The rows, which have to be filled in.
    /// - Throws: `ClusterError` as `spawn` does.
    static func spawn(
        on cluster: ClusterSystem,
        _ partitioning: Partitioning,
        workerCount: Int,
        isolation: Isolation
    ) async throws -> ClusterRows {
        let workers = try await concurrently(workerCount) { _ in
            // Without names, so that several runs can share a cluster.
            try await cluster.spawn(
                PartitionWorker.self,
                PartitionWorker.Arguments(partitioning: partitioning),
                options: ActorOptions(
                    resources: [.cpu: 1],
                    isolation: isolation,
                    placement: .spread,
                    concurrency: .serial
                )
            )
        }
        return ClusterRows(partitioning: partitioning, workers: workers)
    }

    // MARK: Filling

    /// Has each worker make its own partitions, one after the other: no row is ever sent, and beside the store each has
    /// memory for one partition.
    ///
    /// - Parameters:
    ///   - mixture: What the rows are drawn from.
    ///   - done: Is told of each partition.
    /// - Throws: `ClusterError`.
    func generate(_ mixture: GaussianMixture, done: @escaping @Sendable () -> Void) async throws {
        _ = try await Self.concurrently(workers.count) { number in
            for partition in partitions(of: number) {
                try await workers[number].generate(partition, of: mixture)
                done()
            }
        }
    }

    /// Reads a file part by part, puts each part into the store of this node, and sends the worker the reference. So this
    /// process has memory for one partition beside the store, and owns all objects: they live as long as it does.
    ///
    /// - Parameters:
    ///   - file: The matrix.
    ///   - cluster: Where the store is.
    ///   - done: Is told of each partition.
    /// - Throws: ``MatrixFileError``, `ClusterError`.
    func load(_ file: MatrixFile, on cluster: ClusterSystem, done: () -> Void) async throws {
        for partition in 0..<partitioning.count {
            let rows = try await cluster.put(file.rows(partitioning.rows(of: partition)))
            try await workers[worker(of: partition)].take(partition, rows)
            done()
        }
    }

    // MARK: Steps

    func row(_ number: Int, of partition: Int) async throws -> [Float] {
        try await workers[worker(of: partition)].row(number, at: place(of: partition))
    }

    func row(at target: Double, of partition: Int) async throws -> [Float] {
        try await workers[worker(of: partition)].row(atWeight: target, at: place(of: partition))
    }

    func add(seed: [Float]) async throws -> [Double] { try await onAll { try await $0.add(seed: seed) } }

    func assign(to centres: Centres) async throws -> [PartitionSums] {
        try await onAll { try await $0.assign(to: centres) }
    }

    /// Calls all workers at once; what they say of their partitions is in the order of the partitions.
    private func onAll<R: Sendable>(
        _ body: @escaping @Sendable (PartitionWorker) async throws -> [R]
    ) async throws -> [R] {
        let answers = try await Self.concurrently(workers.count) { try await body(workers[$0]) }
        return (0..<partitioning.count).map { answers[worker(of: $0)][place(of: $0)] }
    }

    private func worker(of partition: Int) -> Int { partition % workers.count }
    private func place(of partition: Int) -> Int { partition / workers.count }
    private func partitions(of worker: Int) -> StrideTo<Int> {
        stride(from: worker, to: partitioning.count, by: workers.count)
    }

    private static func concurrently<R: Sendable>(
        _ count: Int,
        _ body: @escaping @Sendable (Int) async throws -> R
    ) async throws -> [R] {
        try await withThrowingTaskGroup(of: (Int, R).self) { group in
            for number in 0..<count { group.addTask { (number, try await body(number)) } }
            var results: [(number: Int, result: R)] = []
            for try await result in group { results.append(result) }
            return results.sorted { $0.number < $1.number }.map(\.result)
        }
    }
}
