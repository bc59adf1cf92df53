import MantaCore
import MantaGCS
import Synchronization

/// A storage that forgets with its process, and can be made to wait, or to fail.
final class MemoryStorage: DirectoryStorage {
    private struct State {
        var entries: [StoredEntry.Key: [UInt8]] = [:]
        var error: ClusterError?
        var commitSizes: [Int] = []
    }

    private let state = Mutex(State())

    var commitSizes: [Int] { state.withLock { $0.commitSizes } }

    /// Makes all commits from now on fail.
    func fail(_ error: ClusterError) { state.withLock { $0.error = error } }

    func load() async throws -> [StoredEntry] {
        state.withLock { $0.entries.map { StoredEntry($0.key, $0.value) } }
    }

    func commit(_ changes: [StoredEntry]) async throws {
        try state.withLock { state in
            if let error = state.error { throw error }
            for entry in changes { state.entries[entry.key] = entry.value }
            state.commitSizes.append(changes.count)
        }
    }

    func close() async {}
}
