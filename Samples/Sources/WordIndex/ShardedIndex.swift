import Manta

/// The index as the driver sees it: all shards as one.
///
/// A word has one owner, found by its hash, so every question goes to the one shard that knows, or to all at
/// once with answers that do not overlap. At most one call per shard is in flight for each call of a method
/// here.
struct ShardedIndex: Sendable {
    private let shards: [Shard]

    /// Spawns the shards, all at once: they start while each other's workers do.
    static func spawn(on cluster: ClusterSystem, shardCount: Int, isolation: Isolation) async throws
        -> ShardedIndex
    {
        let shards = try await concurrently(shardCount) { number in
            try await cluster.spawn(
                Shard.self,
                options: ActorOptions(name: "shard-\(number)", isolation: isolation)
            )
        }
        return ShardedIndex(shards: shards)
    }

    /// Adds all words of one file.
    ///
    /// - Parameters:
    ///   - counts: How often each word occurs in the file.
    ///   - file: The number of the file.
    /// - Throws: ``ShardLost``, `ClusterError`.
    func add(_ counts: [String: Int], file: Int) async throws {
        var batches = Array(repeating: WordBatch(file: file), count: shards.count)
        for (word, count) in counts {
            let number = owner(of: word)
            batches[number].words.append(word)
            batches[number].counts.append(count)
            guard batches[number].words.count == WordBatch.wordLimit else { continue }
            try await send(batches[number], to: number)
            batches[number] = WordBatch(file: file)
        }
        for (number, batch) in batches.enumerated() where !batch.words.isEmpty {
            try await send(batch, to: number)
        }
    }

    /// Where each of `words` occurs.
    func postings(of words: [String]) async throws -> [String: PostingList] {
        var questions = Array(repeating: [String](), count: shards.count)
        for word in words { questions[owner(of: word)].append(word) }
        let answers = try await onAll { [questions] number, shard in
            questions[number].isEmpty ? [] : try await shard.postings(of: questions[number])
        }
        let pairs = zip(questions.joined(), answers.joined())
        return Dictionary(pairs.map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
    }

    /// The `count` most frequent words of all.
    ///
    /// No shard knows how its words rank among those of others, but each of the best `count` of all is among
    /// the best `count` of its owner.
    func top(_ count: Int) async throws -> [WordTotal] {
        guard count > 0 else { return [] }
        var top = TopWords(limit: count)
        for word in try await onAll({ _, shard in try await shard.top(count) }).joined() { top.insert(word) }
        return top.words
    }

    func totals() async throws -> ShardTotals {
        try await onAll { _, shard in try await shard.totals() }.reduce(ShardTotals(), +)
    }

    /// In how many processes, on how many nodes, the shards live.
    func homes(in cluster: ClusterSystem) async throws -> (processCount: Int, nodeCount: Int) {
        let identifiers = Set(shards.map(\.id))
        let own = try await cluster.actors().filter { identifiers.contains($0.id) }
        return (Set(own.compactMap(\.processID)).count, Set(own.compactMap(\.node)).count)
    }

    /// The number of the shard that owns `word`: the same in every process and every run.
    private func owner(of word: String) -> Int { Int(StableHash.value(of: word) % UInt64(shards.count)) }

    private func send(_ batch: WordBatch, to number: Int) async throws {
        try await on(number) { shard in try await shard.add(batch) }
    }

    /// Calls a shard; if it is dead, says so in the words of this program.
    private func on<R: Sendable>(_ number: Int, _ body: (Shard) async throws -> R) async throws -> R {
        do {
            return try await body(shards[number])
        } catch let error as ClusterError {
            if case .actorDied(let cause) = error.code { throw ShardLost(number: number, cause: cause) }
            throw error
        }
    }

    /// Calls all shards at once; the results are in the order of the shards.
    private func onAll<R: Sendable>(_ body: @escaping @Sendable (Int, Shard) async throws -> R) async throws
        -> [R]
    {
        try await Self.concurrently(shards.count) { number in
            try await on(number) { shard in try await body(number, shard) }
        }
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

/// A shard has died, and its part of the index with it.
struct ShardLost: Error, CustomStringConvertible {
    var number: Int
    var cause: DeathCause

    var description: String { "shard \(number) was lost, and its part of the index with it: \(cause)" }
}
