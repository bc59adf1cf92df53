/// Reads the files and sends their words to the shards.
///
/// A few files are under way at a time, each in a task that sends one batch after the other: reading overlaps
/// with the shards' work, and neither memory nor the number of calls in flight grows with the number of
/// files.
struct Indexer: Sendable {
    var index: ShardedIndex
    var files: [String]

    /// How many files are under way, and so how many calls: enough to keep a few shards busy.
    private static let limit = 16

    /// - Throws: ``ShardLost``, `ClusterError`; a file that cannot be read is only warned of.
    func run(_ console: inout Console) async throws -> IndexedFiles {
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
        try await index.add(Tokenizer.countWords(in: text), file: file)
        return .indexed(byteCount: text.count)
    }

    private func note(
        _ done: (file: Int, content: FileResult),
        _ total: inout IndexedFiles,
        _ console: inout Console
    ) {
        total.add(done.content)
        if case .skipped(.unreadable(let reason)) = done.content {
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
