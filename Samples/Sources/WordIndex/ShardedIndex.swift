import Manta

/// The index as the driver sees it: all shards as one.
///
/// A word has one owner, found by its hash, so every question goes to the one shard that knows, or to all at
/// once with answers that do not overlap. At most one call per shard is in flight for each call of a method
/// here.
///
/// A shard whose process dies loses its words. So before questions are answered, all shards have to be full: ``Indexer``
/// sees to that. A question that finds one empty throws ``ShardEmptied``.
struct ShardedIndex: Sendable {
    private let shards: [Shard]
    private let route: WordRoute
    private let editions: Editions

    /// Spawns the shards, all at once: they start while each other's workers do.
    static func spawn(
        on cluster: ClusterSystem,
        shardCount: Int,
        isolation: Isolation,
        restarts: RestartPolicy
    ) async throws -> ShardedIndex {
        let route = WordRoute(shardCount: shardCount)
        let shards = try await concurrently(Array(0..<shardCount)) { number in
            try await cluster.spawn(
                Shard.self,
                Shard.Arguments(number: number, route: route),
                options: ActorOptions(name: "shard-\(number)", isolation: isolation, restarts: restarts)
            )
        }
        return ShardedIndex(shards: shards, route: route, editions: Editions(shardCount: shardCount))
    }

    // MARK: Filling

    /// Begins a new edition in all shards that are empty, if any is.
    ///
    /// - Returns: Whether there are shards to fill, with the words of all files.
    /// - Throws: ``ShardLost``, `ClusterError`.
    func beginEdition() async throws -> Bool {
        let (edition, empty) = editions.begin()
        _ = try await Self.concurrently(empty) { number in
            try await unlessEmptied { try await on(number, edition) { try await $0.begin(edition) } }
        }
        return !empty.isEmpty
    }

    /// All files have been read: shards that have kept their words are full.
    func endEdition() { editions.end() }

    /// Whether words are of use to any shard.
    var isFilling: Bool { editions.isFilling }

    /// How many editions it has taken so far.
    var editionCount: Int { editions.count }

    /// Has all shards that are being filled read files, all at once.
    ///
    /// - Parameter batch: Where the text of the files is.
    /// - Throws: ``ShardLost``, `ClusterError`.
    func add(_ batch: TextBatch) async throws {
        _ = try await Self.concurrently(Array(shards.indices)) { number in
            guard let edition = editions.filling(number) else { return }
            try await unlessEmptied { try await on(number, edition) { try await $0.add(batch, to: edition) } }
        }
    }

    // MARK: Questions

    /// Where each of `words` occurs.
    func postings(of words: [String]) async throws -> [String: PostingList] {
        var questions = Array(repeating: [String](), count: shards.count)
        for word in words { questions[owner(of: word)].append(word) }
        let answers = try await onAll { [questions] number, shard, edition in
            questions[number].isEmpty
                ? [] : try await shard.postings(of: questions[number], in: edition)
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
        let best = try await onAll { _, shard, edition in try await shard.top(count, in: edition) }
        for word in best.joined() { top.insert(word) }
        return top.words
    }

    func totals() async throws -> ShardTotals {
        try await onAll { _, shard, edition in try await shard.totals(in: edition) }.reduce(ShardTotals(), +)
    }

    /// Where the shards live.
    func homes(in cluster: ClusterSystem) async throws -> ShardHomes {
        let identifiers = Set(shards.map(\.id))
        let own = try await cluster.actors().filter { identifiers.contains($0.id) }
        return ShardHomes(
            processCount: Set(own.compactMap(\.processID)).count,
            nodeCount: Set(own.compactMap(\.node)).count,
            restartCount: own.reduce(0) { $0 + $1.restarts }
        )
    }

    /// The number of the shard that owns `word`.
    private func owner(of word: String) -> Int { route.shard(of: StableHash.value(of: word.utf8)) }

    // MARK: Calls

    /// Calls all shards at once; the results are in the order of the shards.
    private func onAll<R: Sendable>(
        _ body: @escaping @Sendable (_ number: Int, _ shard: Shard, _ edition: Int) async throws -> R
    ) async throws -> [R] {
        try await Self.concurrently(Array(shards.indices)) { number in
            guard let edition = editions.full(number) else { throw ShardEmptied(number: number) }
            return try await on(number, edition) { shard in try await body(number, shard, edition) }
        }
    }

    /// Calls a shard, and understands what its end means.
    ///
    /// Whether the call ran does not matter. A shard that may have lost something, or may have been given something
    /// twice, is taken for empty, and filled again from the start.
    private func on<R: Sendable>(
        _ number: Int,
        _ edition: Int,
        _ body: (Shard) async throws -> R
    ) async throws -> R {
        do {
            return try await body(shards[number])
        } catch let error as ClusterError {
            switch error.code {
            case .actorDied(let cause): throw ShardLost(number: number, cause: cause)
            case .workerDied, .nodeDied, .notConnected, .timedOut: break
            default: throw error
            }
        } catch is OtherEdition {}
        editions.emptied(number, edition)
        throw ShardEmptied(number: number)
    }

    private func unlessEmptied(_ body: () async throws -> Void) async throws {
        do { try await body() } catch is ShardEmptied {}
    }

    private static func concurrently<R: Sendable>(
        _ numbers: [Int],
        _ body: @escaping @Sendable (Int) async throws -> R
    ) async throws -> [R] {
        try await withThrowingTaskGroup(of: (Int, R).self) { group in
            for number in numbers { group.addTask { (number, try await body(number)) } }
            var results: [(number: Int, result: R)] = []
            for try await result in group { results.append(result) }
            return results.sorted { $0.number < $1.number }.map(\.result)
        }
    }
}

/// In how many processes, on how many nodes, the shards live, and how often they have moved into a new one.
struct ShardHomes: Sendable {
    var processCount: Int
    var nodeCount: Int
    var restartCount: Int
}

/// A shard no longer holds the words of its edition.
struct ShardEmptied: Error {
    var number: Int
}

/// A shard has died more often than it may.
struct ShardLost: Error, CustomStringConvertible {
    var number: Int
    var cause: DeathCause

    var description: String { "shard \(number) was lost, and its part of the index with it: \(cause)" }
}
