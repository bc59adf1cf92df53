import Manta

/// An actor that owns the words whose hash leads to it.
///
/// It lives in a worker process, perhaps on a lane that it shares with other shards, so no method computes
/// for long: text is read in parts, and a walk over all words lets others go first now and then.
///
/// It is restarted when its process dies, and has then forgotten everything. An index without its words would be
/// silently wrong, so what it holds has a number, the *edition*: the driver begins one before it sends text, and each call
/// says which edition it means. A new incarnation has none, and refuses.
distributed actor Shard: Spawnable {
    struct Arguments: Codable, Sendable {
        var number: Int
        var route: WordRoute
    }

    private let number: Int
    private let route: WordRoute
    private var edition: Int?
    private var postings: [String: PostingList] = [:]
    private var wordCount = 0

    /// How much text is read before others go first: some milliseconds, in a debug build.
    private static let partByteCount = 4 << 10
    /// How many words are added before others go first.
    private static let partWordCount = 500

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        number = arguments.number
        route = arguments.route
    }

    /// Forgets all words, and takes those of this edition from now on.
    ///
    /// - Throws: ``OtherEdition`` if there was this one already, or a later one.
    distributed func begin(_ edition: Int) throws {
        if let present = self.edition, present >= edition { throw OtherEdition(present: present) }
        self.edition = edition
        postings = [:]
        wordCount = 0
    }

    /// Reads files where they lie in the store, and adds those of their words that are this shard's.
    distributed func add(_ batch: TextBatch, to edition: Int) async throws {
        try check(edition)
        for part in batch.parts {
            let counts = try await countWords(in: batch.text, part.bytes)
            for (place, (word, count)) in counts.enumerated() {
                if place % Self.partWordCount == 0 {
                    await Task.yield()
                    // If it was the next edition that went first, all that this call has added is gone.
                    try check(edition)
                }
                postings[word, default: PostingList()].append(file: part.file, count: count)
                wordCount += count
            }
        }
    }

    /// How often each word of this shard occurs in a file.
    private func countWords(
        in text: ObjectRef<[UInt8]>,
        _ bytes: Range<Int>
    ) async throws -> [String: Int] {
        var counts: [String: Int] = [:]
        var start = bytes.lowerBound
        while start < bytes.upperBound {
            let rest = start..<bytes.upperBound
            start += try await text.withSpan { text in
                let text = text.extracting(rest)
                let byteCount = Tokenizer.partByteCount(of: text, atLeast: Self.partByteCount)
                Tokenizer.countWords(in: text.extracting(0..<byteCount), &counts) { hash in
                    route.shard(of: hash) == number
                }
                return byteCount
            }
            await Task.yield()
        }
        return counts
    }

    /// For each of `words`, where it occurs; an empty list for a word that is not here.
    distributed func postings(of words: [String], in edition: Int) throws -> [PostingList] {
        try check(edition)
        return words.map { postings[$0] ?? PostingList() }
    }

    /// The `count` most frequent words of this shard.
    distributed func top(_ count: Int, in edition: Int) async throws -> [WordTotal] {
        try check(edition)
        var top = TopWords(limit: count)
        // A copy: words that come in while others go first are not seen.
        for (place, (word, list)) in postings.enumerated() {
            top.insert(WordTotal(word: word, count: list.total, fileCount: list.fileCount))
            if place % 1_024 == 1_023 { await Task.yield() }
        }
        return top.words
    }

    distributed func totals(in edition: Int) throws -> ShardTotals {
        try check(edition)
        return ShardTotals(wordCount: wordCount, distinctWordCount: postings.count)
    }

    private func check(_ edition: Int) throws(OtherEdition) {
        guard edition == self.edition else { throw OtherEdition(present: self.edition) }
    }
}
