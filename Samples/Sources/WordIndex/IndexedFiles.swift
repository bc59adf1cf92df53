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
