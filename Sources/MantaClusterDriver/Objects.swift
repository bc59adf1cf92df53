import Manta

/// Makes objects, and reads those of others in place.
distributed actor Store: Spawnable {
    private var kept: [ObjectRef<[UInt64]>] = []

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }

    /// Words that compress well, or not at all.
    distributed func make(_ count: Int, isRandom: Bool) async throws -> ObjectRef<[UInt64]> {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<count).map { isRandom ? generator.next() : UInt64($0 / 64) }
        let made = try await actorSystem.put(words)
        kept = [made]
        return made
    }

    distributed func sum(_ words: ObjectRef<[UInt64]>) async throws -> UInt64 {
        try await words.withSpan { span in
            var sum: UInt64 = 0
            for index in span.indices { sum &+= span[index] }
            return sum
        }
    }

    distributed func drop() { kept = [] }
}
