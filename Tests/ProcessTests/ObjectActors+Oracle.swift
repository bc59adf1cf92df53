import Manta
import MantaTestSupport
import Testing

extension ClusterSystem {
    /// Waits until no node has anything of any object, in memory or on its disk; records what is left otherwise.
    ///
    /// What a call took along that nobody answers any more is asked back after five seconds, so it may take longer than
    /// that.
    func expectNothingLeft(
        within limit: Duration = .seconds(30),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        do {
            try await eventually(within: limit) {
                guard try await objects().isEmpty else { return false }
                return try await nodes().allSatisfy { $0.storeUsed == 0 }
            }
        } catch is NeverHappened {
            let left = try await objects().map {
                "\($0.id) of \($0.owner), \($0.copy): local \($0.localReferences), borrowers \($0.borrowers), "
                    + "in transit \($0.inTransit), pins \($0.pins)"
            }
            let used = try await nodes().map(\.storeUsed)
            Issue.record("left: \(left), used: \(used)", sourceLocation: sourceLocation)
        }
    }

    /// An object of this many bytes, all the same.
    func bytes(_ count: Int, of byte: UInt8 = 1, owner: ObjectOwner = .process) async throws -> Shelf.Item {
        try await put([UInt8](repeating: byte, count: count), owner: owner)
    }

    func shelf(
        _ isolation: Isolation = .process,
        concurrency: Concurrency = .reentrant,
        restarts: RestartPolicy = .never,
        items: [Shelf.Item] = []
    ) async throws -> Shelf {
        let options = ActorOptions(isolation: isolation, restarts: restarts, concurrency: concurrency)
        return try await spawn(Shelf.self, Shelf.Arguments(items: items), options: options)
    }
}
