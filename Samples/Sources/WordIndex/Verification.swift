import SampleSupport

/// What a run of ``IndexJob`` ended with.
struct Outcome: Sendable {
    var files: [String]
    var indexer: Indexer
    var totals: ShardTotals
    var top: [WordTotal]
}

/// Counts everything again in one dictionary of this process, and compares.
///
/// It shares with the index how a file is read and what a word is, and nothing else: no store, no fast path,
/// no hash, no batches, no calls, no merging. Every count of every word in every file is compared.
struct Verification: Sendable {
    var outcome: Outcome
    var topCount: Int

    /// How many words are asked for at once.
    private static let questionLimit = 1_000

    mutating func run(_ console: inout Console) async throws -> VerificationResult {
        let clock = ContinuousClock()
        let start = clock.now
        let recount = recount(&console)
        var result = VerificationResult(
            indexed: outcome.indexer.corpus.indexed,
            wordCount: outcome.totals.wordCount
        )
        compareTotals(recount, &result)
        compareTop(recount, &result)
        try await compareWords(recount, &result, &console)
        console.clearProgress()
        result.distinctWordCount = recount.words.count
        result.duration = clock.now - start
        return result
    }

    private func recount(_ console: inout Console) -> Recount {
        var recount = Recount()
        for (file, path) in outcome.files.enumerated() {
            console.progress("verifying: \(file) of \(outcome.files.count) files")
            switch TextFile.read(path) {
            case .text(let bytes):
                recount.files.add(.indexed(byteCount: bytes.count))
                for word in Tokenizer.words(in: String(decoding: bytes, as: UTF8.self)) {
                    recount.words[word, default: [:]][file, default: 0] += 1
                    recount.wordCount += 1
                }
            case .skipped(let reason): recount.files.add(.skipped(reason))
            }
        }
        return recount
    }

    private func compareTotals(_ recount: Recount, _ result: inout VerificationResult) {
        let indexed = outcome.indexer.corpus.indexed
        result.compare("files", indexed.fileCount, recount.files.fileCount)
        result.compare("binary files", indexed.binaryCount, recount.files.binaryCount)
        result.compare("files that are not UTF-8", indexed.notUTF8Count, recount.files.notUTF8Count)
        result.compare("unreadable files", indexed.unreadableCount, recount.files.unreadableCount)
        result.compare("bytes", indexed.byteCount, recount.files.byteCount)
        result.compare("words", outcome.totals.wordCount, recount.wordCount)
        // With this, and every word that was counted again found in its shard, no shard holds another.
        result.compare("distinct words", outcome.totals.distinctWordCount, recount.words.count)
    }

    private func compareTop(_ recount: Recount, _ result: inout VerificationResult) {
        let all = recount.words.map { word, counts in
            WordTotal(word: word, count: counts.values.reduce(0, +), fileCount: counts.count)
        }
        let expected = Array(all.sorted { $0.ranks(before: $1) }.prefix(topCount))
        guard outcome.top.count == expected.count else {
            return result.compare("words in the top list", outcome.top.count, expected.count)
        }
        for (rank, (found, expected)) in zip(outcome.top, expected).enumerated() {
            result.compare("number \(rank + 1) of the top list", found.text, expected.text)
        }
    }

    private mutating func compareWords(
        _ recount: Recount,
        _ result: inout VerificationResult,
        _ console: inout Console
    ) async throws {
        var words = Array(recount.words.keys)[...]
        while !words.isEmpty {
            console.progress(
                "verifying: \(recount.words.count - words.count) of \(recount.words.count) words"
            )
            let asked = Array(words.prefix(Self.questionLimit))
            let found = try await outcome.indexer.ask(&console) { try await $0.postings(of: asked) }
            for word in asked {
                compare(word, found[word] ?? PostingList(), recount.words[word] ?? [:], &result)
            }
            words = words.dropFirst(Self.questionLimit)
        }
    }

    private func compare(
        _ word: String,
        _ found: PostingList,
        _ expected: [Int: Int],
        _ result: inout VerificationResult
    ) {
        result.compare("files with \"\(word)\"", found.fileCount, expected.count)
        let counts = Dictionary(found.map { ($0.file, $0.count) }, uniquingKeysWith: +)
        guard counts != expected else { return }
        for file in Set(counts.keys).union(expected.keys).sorted() {
            result.compare("\"\(word)\" in \(outcome.files[file])", counts[file] ?? 0, expected[file] ?? 0)
        }
    }
}

/// What the second count found.
private struct Recount {
    var files = IndexedFiles()
    var wordCount = 0
    /// For each word, how often it occurs in each file, by the file's number.
    var words: [String: [Int: Int]] = [:]
}

extension WordTotal {
    fileprivate var text: String { "\"\(word)\", \(count) times in \(fileCount) files" }
}
