import Manta

/// Looks names up from a worker.
distributed actor Finder: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    /// One after another; how many nanoseconds each lookup took.
    distributed func find(_ names: [String]) async throws -> [UInt64] {
        try await Calls.oneByOne(names.count) { index in
            _ = try await actorSystem.find(Callee.self, named: names[index])
            return index
        }
    }

    /// The same in batches of 100, because a lookup from memory takes about as long as reading the clock.
    distributed func findAgain(_ name: String, batchCount: Int) async throws -> [UInt64] {
        try await Calls.oneByOne(batchCount) { batch in
            for _ in 0..<100 { _ = try await actorSystem.find(Callee.self, named: name) }
            return batch
        }.map { $0 / 100 }
    }
}
