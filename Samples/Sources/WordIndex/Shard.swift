import Manta

/// An actor that owns the words whose hash leads to it.
///
/// It lives in a worker process, perhaps on a lane that it shares with other shards, so no method computes
/// for long: what is large comes in batches, and a walk over all words lets others go first now and then.
///
/// It is restarted when its process dies, and has then forgotten everything. An index without its words would be
/// silently wrong, so what it holds has a number, the *edition*: the driver begins one before it sends words, and each call
/// says which edition it means. A new incarnation has none, and refuses.
distributed actor Shard: Spawnable {
    private var edition: Int?
    private var postings: [String: PostingList] = [:]
    private var wordCount = 0

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
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

    /// Adds words of one file; no word comes twice for the same file.
    distributed func add(_ batch: WordBatch, to edition: Int) throws {
        try check(edition)
        for (word, count) in zip(batch.words, batch.counts) {
            postings[word, default: PostingList()].append(file: batch.file, count: count)
            wordCount += count
        }
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
