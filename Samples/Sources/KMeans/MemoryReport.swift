import Glibc
import KMeansMath
import Manta

/// How much memory a cluster takes beside the data that it works on.
struct MemoryReport: Sendable {
    /// Of all rows.
    var dataByteCount: Int
    /// What the objects take in the stores of all nodes. These keep some more memory ready for others.
    var storeByteCount: Int
    var nodeCount: Int
    /// What the objects have on disk, because the stores were full.
    var spilledByteCount: Int
    /// Of this process, of those that host workers, and of the others of the cluster.
    var driver: MemoryUse
    var workers = MemoryUse(of: [])
    var others = MemoryUse(of: [])

    /// - Parameters:
    ///   - cluster: The cluster.
    ///   - partitioning: What the rows are.
    ///   - isEmbedded: Whether all processes of the cluster are this one's children; others are not looked at.
    /// - Throws: `ClusterError`.
    init(of cluster: ClusterSystem, _ partitioning: Partitioning, isEmbedded: Bool) async throws {
        let nodes = try await cluster.nodes()
        dataByteCount = partitioning.byteCount
        storeByteCount = nodes.reduce(0) { $0 + $1.storeUsed }
        nodeCount = nodes.count
        spilledByteCount = try await cluster.objects().reduce(0) {
            $0 + ($1.copy == .spilled ? $1.byteCount : 0)
        }
        driver = MemoryUse(of: [getpid()])
        guard isEmbedded else { return }
        let own = MemoryUse.descendants()
        let hosts = Set(try await cluster.actors().filter { $0.state == .alive }.compactMap(\.processID))
        workers = MemoryUse(of: own.intersection(hosts))
        others = MemoryUse(of: own.subtracting(hosts))
    }

    /// Of all processes that were looked at.
    var all: MemoryUse { driver + workers + others }
}
