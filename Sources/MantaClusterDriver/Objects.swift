import Manta

/// Makes objects, and reads those of others in place.
distributed actor Store: Spawnable {
    private var kept: [ObjectRef<[UInt64]>] = []

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }

    /// Words that compress well, or not at all.
    distributed func make(_ count: Int, isRandom: Bool) async throws -> ObjectRef<[UInt64]> {
        let words = isRandom ? Self.randomWords(count) : (0..<count).map { UInt64($0 / 64) }
        let made = try await actorSystem.put(words)
        kept.append(made)
        return made
    }

    /// Not the system's generator, which takes a system call for each word.
    static func randomWords(_ count: Int) -> [UInt64] {
        var word = UInt64.random(in: 0 ... .max)
        return (0..<count).map { _ in
            word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return word ^ word >> 29
        }
    }

    distributed func sum(_ words: ObjectRef<[UInt64]>) async throws -> UInt64 {
        try await words.withSpan { span in
            var sum: UInt64 = 0
            for index in span.indices { sum &+= span[index] }
            return sum
        }
    }

    distributed func count(_ words: [UInt64]) -> Int { words.count }

    distributed func drop() { kept = [] }
}
