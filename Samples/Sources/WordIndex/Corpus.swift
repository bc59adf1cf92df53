import Manta
import SampleSupport

/// The text of all files, in the store: read once, and sent to as many shards as often as it takes.
///
/// This process owns the objects. They live as long as it holds these references, whatever becomes of the workers that
/// read them; what the store has no room for, it keeps on disk.
struct Corpus: Sendable {
    private(set) var batches: [TextBatch] = []
    /// What became of the files.
    private(set) var indexed = IndexedFiles()

    /// The batch that is being filled.
    private var text: [UInt8] = []
    private var files: [Int] = []
    private var ends: [Int] = []

    /// Reads the files, one at a time, and puts their text into the store.
    ///
    /// - Parameters:
    ///   - files: Their paths; their places here are their numbers.
    ///   - cluster: Where the store is.
    ///   - console: Where to show progress, and to warn of a file that cannot be read.
    /// - Throws: `ClusterError` as `put` does.
    init(_ files: [String], on cluster: ClusterSystem, _ console: inout Console) async throws {
        for (number, path) in files.enumerated() {
            console.progress(
                "reading: \(indexed.seenCount) of \(files.count) files, \(indexed.byteCount) bytes"
            )
            switch TextFile.read(path) {
            case .text(let bytes):
                indexed.add(.indexed(byteCount: bytes.count))
                append(number, bytes)
                if text.count >= TextBatch.byteLimit { try await put(on: cluster) }
            case .skipped(let reason):
                indexed.add(.skipped(reason))
                if case .unreadable(let reason) = reason { console.warn("\(path): \(reason)") }
            }
        }
        if !self.files.isEmpty { try await put(on: cluster) }
        console.clearProgress()
    }

    private mutating func append(_ file: Int, _ bytes: [UInt8]) {
        if text.isEmpty { text = bytes } else { text += bytes }
        files.append(file)
        ends.append(text.count)
    }

    private mutating func put(on cluster: ClusterSystem) async throws {
        batches.append(TextBatch(text: try await cluster.put(text), files: files, ends: ends))
        text = []
        files = []
        ends = []
    }
}
