import Foundation
import Manta
import SampleSupport

/// One run of `wordindex`, in the driver: find the files, put them into the store, ask the shards, show what they say.
struct IndexJob: Sendable {
    /// As given; empty for the project's own.
    var paths: [String]
    var shardCount: Int
    var isolation: Isolation
    var topCount: Int
    /// As ``Tokenizer`` writes words.
    var lookUps: [String]
    var verifies: Bool
    var chaos: Chaos.Plan?

    /// - Returns: Whether the index is right, as far as that was to be verified.
    /// - Throws: ``MissingPaths``, ``NoProject``, ``ShardLost``, `ClusterError`.
    func run(on cluster: ClusterSystem) async throws -> Bool {
        var console = Console(program: "wordindex")
        defer { console.clearProgress() }  // also when an error is to be printed next

        let start = ContinuousClock.now
        let search = try FileSearch(paths.isEmpty ? ProjectFolders.find() : paths)
        for failure in search.failures { console.warn(failure.description) }

        let index = try await ShardedIndex.spawn(
            on: cluster,
            shardCount: shardCount,
            isolation: isolation,
            // A shard that dies again and again by itself must not be restarted for ever.
            restarts: chaos == nil ? .upTo(3, within: .seconds(60)) : .always
        )
        guard let plan = chaos else { return try await run(index, search, on: cluster, start, &console) }
        let chaos = Chaos(in: cluster, plan)
        let isRight = try await chaos.around { try await run(index, search, on: cluster, start, &console) }
        let homes = try await index.homes(in: cluster)
        show(chaos, index, homes)
        return isRight
    }

    private func run(
        _ index: ShardedIndex,
        _ search: FileSearch,
        on cluster: ClusterSystem,
        _ start: ContinuousClock.Instant,
        _ console: inout Console
    ) async throws -> Bool {
        let corpus = try await Corpus(search.files, on: cluster, &console)
        let indexer = Indexer(index: index, corpus: corpus)
        let top = try await indexer.ask(&console) { try await $0.top(topCount) }
        let found = try await indexer.ask(&console) { try await $0.postings(of: lookUps) }
        let totals = try await indexer.ask(&console) { try await $0.totals() }
        let homes = try await index.homes(in: cluster)
        let duration = ContinuousClock.now - start

        if topCount > 0 { show(top, of: totals.distinctWordCount) }
        for word in lookUps { show(found[word], of: word, in: search.files) }
        show(corpus, totals, homes, unreadableFolders: search.failures.count, duration)
        guard verifies else { return true }
        let outcome = Outcome(files: search.files, indexer: indexer, totals: totals, top: top)
        var verification = Verification(outcome: outcome, topCount: topCount)
        let result = try await verification.run(&console)
        print()
        print(result)
        return result.isEqual
    }
}

// MARK: - What is shown

extension IndexJob {
    private func show(_ top: [WordTotal], of distinctWordCount: Int) {
        guard !top.isEmpty else { return print("No words.\n") }
        print("Top \(top.count) of \(distinctWordCount) words\n")
        var table = Table([.right("#"), .left("word"), .right("count"), .right("files")])
        for (rank, word) in top.enumerated() {
            table.add(["\(rank + 1)", word.word, "\(word.count)", "\(word.fileCount)"])
        }
        print(table)
        print()
    }

    private func show(_ postings: PostingList?, of word: String, in files: [String]) {
        guard let postings, postings.fileCount > 0 else { return print("\"\(word)\" is in no file\n") }
        print("\"\(word)\" is in \(postings.fileCount) files, \(postings.total) times\n")
        var table = Table([.right("count"), .left("file")])
        let rows = postings.map { (count: $0.count, file: files[$0.file]) }
        for row in rows.sorted(by: { $0.count != $1.count ? $0.count > $1.count : $0.file < $1.file }) {
            table.add(["\(row.count)", row.file])
        }
        print(table)
        print()
    }

    private func show(
        _ corpus: Corpus,
        _ totals: ShardTotals,
        _ homes: ShardHomes,
        unreadableFolders: Int,
        _ duration: Duration
    ) {
        let indexed = corpus.indexed
        var table = Table([
            .left("files"), .left("\(indexed.fileCount)\(skipped(indexed, unreadableFolders))"),
        ])
        let objects = corpus.batches.count == 1 ? "1 object" : "\(corpus.batches.count) objects"
        table.add(["bytes", "\(indexed.byteCount), in \(objects)"])
        table.add(["words", "\(totals.wordCount)"])
        table.add(["distinct words", "\(totals.distinctWordCount)"])
        let processes = homes.processCount == 1 ? "1 process" : "\(homes.processCount) processes"
        let nodes = homes.nodeCount == 1 ? "1 node" : "\(homes.nodeCount) nodes"
        table.add(["shards", "\(shardCount), in \(processes) on \(nodes)"])
        table.add(["seconds", duration.formattedSeconds])
        print(table.lines.joined(separator: "\n"))
    }

    private func show(_ chaos: Chaos, _ index: ShardedIndex, _ homes: ShardHomes) {
        print()
        print(
            "chaos with seed \(chaos.seed): \(chaos.killCount) workers killed, shards restarted "
                + "\(homes.restartCount) times, filled in \(index.editionCount) editions"
        )
    }

    private func skipped(_ indexed: IndexedFiles, _ unreadableFolders: Int) -> String {
        let kinds = [
            (indexed.binaryCount, "binary"), (indexed.notUTF8Count, "not UTF-8"),
            (indexed.unreadableCount + unreadableFolders, "unreadable"),
        ]
        let texts = kinds.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return texts.isEmpty ? "" : " (skipped: " + texts.joined(separator: ", ") + ")"
    }
}
