import Manta

/// Who passes objects to whom, each in a worker of its own, so that objects pass from one process to another.
struct ObjectActors {
    private let cluster: ClusterSystem
    let owner: Owner
    /// On the same node.
    let reader: Reader
    /// On the other node.
    let farReader: Reader
    /// Have an actor live in a worker of its own on the one node or the other.
    let near: ActorOptions
    let far: ActorOptions

    init(_ cluster: ClusterSystem) async throws {
        self.cluster = cluster
        let nodes = try await cluster.nodes().map(\.id)
        guard nodes.count == 2 else {
            throw BenchmarkError(description: "objects are measured between 2 nodes, not \(nodes.count)")
        }
        near = ActorOptions(isolation: .process, placement: .node(nodes[0]))
        far = ActorOptions(isolation: .process, placement: .node(nodes[1]))
        owner = try await cluster.spawn(Owner.self, options: near)
        reader = try await cluster.spawn(Reader.self, options: near)
        farReader = try await cluster.spawn(Reader.self, options: far)
    }

    /// Waits until what was dropped is gone: else the next object would take memory that has not been used.
    func waitForEmptyStores() async throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            if try await cluster.nodes().allSatisfy({ $0.storeUsed < 1 << 20 }) { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        let used = try await cluster.nodes().map { "\($0.storeUsed) bytes on \($0.id)" }
        throw BenchmarkError(
            description: "objects that were dropped are still there: \(used.joined(separator: ", "))"
        )
    }
}
