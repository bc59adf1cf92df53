import SampleSupport

/// Reads the files and sends their words to the shards, as often as it takes.
///
/// The files are the truth and the shards a copy of it: a shard that has lost its words gets them again from there. The
/// words are not kept here for that, which would take as much memory as the index.
///
/// A few files are under way at a time, each in a task that sends one batch after the other: reading overlaps
/// with the shards' work, and neither memory nor the number of calls in flight grows with the number of
/// files.
struct Indexer: Sendable {
    let index: ShardedIndex
    let files: [String]
    /// What became of the files when they were last read.
    private(set) var indexed = IndexedFiles()

    /// How many files are under way, and so how many calls: enough to keep a few shards busy.
    private static let limit = 16

    init(index: ShardedIndex, files: [String]) {
        self.index = index
        self.files = files
    }

    /// Asks the index when it is whole: again, after it has been made whole, when a shard was lost meanwhile.
    ///
    /// - Parameters:
    ///   - console: Where to show progress.
    ///   - question: May be asked several times; the answer is that of the last time.
    /// - Returns: The answer.
    /// - Throws: ``ShardLost``, `ClusterError`.
    mutating func ask<R>(
        _ console: inout Console,
        _ question: (ShardedIndex) async throws -> R
    ) async throws -> R {
        while true {
            try await fill(&console)
            do { return try await question(index) } catch is ShardEmptied {}
        }
    }

    /// Returns when all shards hold all their words; nobody knows for how long.
    ///
    /// - Parameter console: Where to show progress, and to warn of a file that cannot be read.
    /// - Throws: ``ShardLost``, `ClusterError`.
    mutating func fill(_ console: inout Console) async throws {
        while try await index.beginEdition() {
            indexed = try await feed(&console)
            index.endEdition()
        }
    }

    private func feed(_ console: inout Console) async throws -> IndexedFiles {
        var total = IndexedFiles()
        try await withThrowingTaskGroup(of: (file: Int, content: FileResult).self) { group in
            for file in files.indices {
                if file >= Self.limit, let done = try await group.next() { note(done, &total, &console) }
                group.addTask { (file, try await add(file)) }
            }
            for try await done in group { note(done, &total, &console) }
        }
        console.clearProgress()
        return total
    }

    private func add(_ file: Int) async throws -> FileResult {
        let text: [UInt8]
        switch TextFile.read(files[file]) {
        case .text(let bytes): text = bytes
        case .skipped(let reason): return .skipped(reason)
        }
        // Files are read to the end for their number; words that nobody is there for are not looked for.
        if index.isFilling { try await index.add(Tokenizer.countWords(in: text), file: file) }
        return .indexed(byteCount: text.count)
    }

    private func note(
        _ done: (file: Int, content: FileResult),
        _ total: inout IndexedFiles,
        _ console: inout Console
    ) {
        total.add(done.content)
        if case .skipped(.unreadable(let reason)) = done.content, index.editionCount == 1 {
            console.warn("\(files[done.file]): \(reason)")
        }
        console.progress("indexing: \(total.seenCount) of \(files.count) files, \(total.byteCount) bytes")
    }
}

/// What became of a file.
enum FileResult: Sendable {
    case indexed(byteCount: Int)
    case skipped(TextFile.SkipReason)
}

/// What became of all files.
struct IndexedFiles: Hashable, Sendable {
    var fileCount = 0
    var byteCount = 0
    var binaryCount = 0
    var notUTF8Count = 0
    var unreadableCount = 0

    var seenCount: Int { fileCount + binaryCount + notUTF8Count + unreadableCount }

    mutating func add(_ result: FileResult) {
        switch result {
        case .indexed(let count):
            fileCount += 1
            byteCount += count
        case .skipped(.binary): binaryCount += 1
        case .skipped(.notUTF8): notUTF8Count += 1
        case .skipped(.unreadable): unreadableCount += 1
        }
    }
}
