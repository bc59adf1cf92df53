import Foundation
import Manta

/// One run of `wordindex`, in the driver: find the files, index them, ask the shards, show what they say.
struct IndexJob: Sendable {
    /// As given; empty for the project's own.
    var paths: [String]
    var shardCount: Int
    var isolation: Isolation
    var topCount: Int
    /// As ``Tokenizer`` writes words.
    var lookUps: [String]
    var verifies: Bool

    /// - Returns: Whether the index is right, as far as that was to be verified.
    /// - Throws: ``MissingPaths``, ``NoProject``, ``ShardLost``, `ClusterError`.
    func run(on cluster: ClusterSystem) async throws -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        var console = Console()
        defer { console.clearProgress() }  // also when an error is to be printed next

        let search = try FileSearch(paths.isEmpty ? ProjectFolders.find() : paths)
        for failure in search.failures { console.warn(failure.description) }
        let files = search.files

        let index = try await ShardedIndex.spawn(on: cluster, shardCount: shardCount, isolation: isolation)
        let indexed = try await Indexer(index: index, files: files).run(&console)
        let top = try await index.top(topCount)
        let found = try await index.postings(of: lookUps)
        let totals = try await index.totals()
        let homes = try await index.homes(in: cluster)
        let duration = clock.now - start

        if topCount > 0 { show(top, of: totals.distinctWordCount) }
        for word in lookUps { show(found[word], of: word, in: files) }
        show(indexed, totals, homes, unreadableFolders: search.failures.count, duration)
        guard verifies else { return true }
        return try await verify(
            Outcome(files: files, indexed: indexed, index: index, totals: totals, top: top),
            &console
        )
    }

    private func verify(_ outcome: Outcome, _ console: inout Console) async throws -> Bool {
        let result = try await Verification(outcome: outcome, topCount: topCount).run(&console)
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
        _ indexed: IndexedFiles,
        _ totals: ShardTotals,
        _ homes: (processCount: Int, nodeCount: Int),
        unreadableFolders: Int,
        _ duration: Duration
    ) {
        var table = Table([
            .left("files"), .left("\(indexed.fileCount)\(skipped(indexed, unreadableFolders))"),
        ])
        table.add(["bytes", "\(indexed.byteCount)"])
        table.add(["words", "\(totals.wordCount)"])
        table.add(["distinct words", "\(totals.distinctWordCount)"])
        let processes = homes.processCount == 1 ? "1 process" : "\(homes.processCount) processes"
        let nodes = homes.nodeCount == 1 ? "1 node" : "\(homes.nodeCount) nodes"
        table.add(["shards", "\(shardCount), in \(processes) on \(nodes)"])
        table.add(["seconds", duration.formattedSeconds])
        print(table.lines.joined(separator: "\n"))
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

extension Duration {
    /// With two decimals: `1.25`.
    var formattedSeconds: String {
        String(format: "%.2f", Double(components.seconds) + Double(components.attoseconds) / 1e18)
    }
}
