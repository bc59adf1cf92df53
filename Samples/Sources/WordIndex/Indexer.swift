import SampleSupport

/// Has the shards read the files, as often as it takes.
///
/// The objects in the store are the truth and the shards a copy of it: a shard that has lost its words reads them again from
/// there.
///
/// A few batches are under way at a time, so that the number of calls in flight does not grow with that of files.
struct Indexer: Sendable {
    let index: ShardedIndex
    let corpus: Corpus

    /// How many batches each shard is given before it has answered: enough that it need not wait.
    private static let limit = 4

    init(index: ShardedIndex, corpus: Corpus) {
        self.index = index
        self.corpus = corpus
    }

    /// Asks the index when it is whole: again, after it has been made whole, when a shard was lost meanwhile.
    ///
    /// - Parameters:
    ///   - console: Where to show progress.
    ///   - question: May be asked several times; the answer is that of the last time.
    /// - Returns: The answer.
    /// - Throws: ``ShardLost``, `ClusterError`.
    func ask<R>(
        _ console: inout Console,
        _ question: (ShardedIndex) async throws -> R
    ) async throws -> R {
        while true {
            try await fill(&console)
            do { return try await question(index) } catch is ShardEmptied {}
        }
    }

    /// Returns when all shards hold all their words; nobody knows for how long.
    private func fill(_ console: inout Console) async throws {
        while try await index.beginEdition() {
            try await feed(&console)
            index.endEdition()
        }
    }

    private func feed(_ console: inout Console) async throws {
        try await withThrowingTaskGroup(of: TextBatch.self) { group in
            var done = (fileCount: 0, byteCount: 0)
            func note(_ batch: TextBatch) {
                done.fileCount += batch.fileCount
                done.byteCount += batch.byteCount
                console.progress(
                    "indexing: \(done.fileCount) of \(corpus.indexed.fileCount) files, \(done.byteCount) bytes"
                )
            }
            for (place, batch) in corpus.batches.enumerated() {
                if place >= Self.limit, let batch = try await group.next() { note(batch) }
                // Words that nobody is there for are not looked for.
                guard index.isFilling else { break }
                group.addTask {
                    try await index.add(batch)
                    return batch
                }
            }
            for try await batch in group { note(batch) }
        }
        console.clearProgress()
    }
}
