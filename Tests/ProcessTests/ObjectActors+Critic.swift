import Distributed
import Manta

/// Reads an object, and never comes to be.
distributed actor Critic: Spawnable {
    struct Arguments: Codable, Sendable {
        var item: ObjectRef<[UInt8]>
    }

    struct Verdict: Error, Codable {
        var sum: Int
    }

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        throw Verdict(sum: try await arguments.item.get().reduce(0) { $0 + Int($1) })
    }
}
