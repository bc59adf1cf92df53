/// The rows that are to be clustered, wherever they are. Answers for all partitions are in the order of the partitions.
package protocol PartitionedRows {
    var partitioning: Partitioning { get }

    /// The row with this number in a partition.
    mutating func row(_ number: Int, of partition: Int) async throws -> [Float]

    /// Takes one more seed into account.
    ///
    /// - Parameter seed: A row that becomes a centre.
    /// - Returns: For each partition, the sum over its rows of the squares of their distances to the nearest seed.
    /// - Throws: What keeps the rows from being read.
    mutating func add(seed: [Float]) async throws -> [Double]

    /// The row of a partition at which the squares of the distances to the seeds, added up row by row, come past `target`.
    mutating func row(at target: Double, of partition: Int) async throws -> [Float]

    /// Finds the nearest centre of each row.
    ///
    /// - Parameter centres: All centres.
    /// - Returns: The sums of each partition.
    /// - Throws: What keeps the rows from being read.
    mutating func assign(to centres: Centres) async throws -> [PartitionSums]
}
