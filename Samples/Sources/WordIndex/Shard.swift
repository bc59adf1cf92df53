import Manta

/// An actor that owns the words whose hash leads to it.
///
/// It lives in a worker process, perhaps on a lane that it shares with other shards, so no method computes
/// for long: what is large comes in batches, and a walk over all words lets others go first now and then.
///
/// It is not restarted when its process dies: its postings would be gone, and an index without them would be
/// silently wrong.
distributed actor Shard: Spawnable {
    private var postings: [String: PostingList] = [:]
    private var wordCount = 0

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
    }

    /// Adds words of one file; no word comes twice for the same file.
    distributed func add(_ batch: WordBatch) {
        for (word, count) in zip(batch.words, batch.counts) {
            postings[word, default: PostingList()].append(file: batch.file, count: count)
            wordCount += count
        }
    }

    /// For each of `words`, where it occurs; an empty list for a word that is not here.
    distributed func postings(of words: [String]) -> [PostingList] {
        words.map { postings[$0] ?? PostingList() }
    }

    /// The `count` most frequent words of this shard.
    distributed func top(_ count: Int) async -> [WordTotal] {
        var top = TopWords(limit: count)
        // A copy: words that come in while others go first are not seen.
        for (place, (word, list)) in postings.enumerated() {
            top.insert(WordTotal(word: word, count: list.total, fileCount: list.fileCount))
            if place % 1_024 == 1_023 { await Task.yield() }
        }
        return top.words
    }

    distributed func totals() -> ShardTotals {
        ShardTotals(wordCount: wordCount, distinctWordCount: postings.count)
    }
}
