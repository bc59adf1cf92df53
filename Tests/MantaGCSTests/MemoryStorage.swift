import MantaCore
import MantaGCS
import Synchronization

/// A storage that forgets with its process, and can be made to wait, or to fail.
final class MemoryStorage: DirectoryStorage {
    let name = "a test"
    private struct State {
        var entries: [StoredEntry.Key: [UInt8]] = [:]
        var error: ClusterError?
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
        var commitSizes: [Int] = []
        var isClosed = false
        var fullCount = 0
    }

    private let state = Mutex(State())

    /// How many entries each commit has changed.
    var commitSizes: [Int] { state.withLock { $0.commitSizes } }
    /// How many commits wait to be let through.
    var heldCount: Int { state.withLock { $0.held.count } }
    /// How many commits have found no room.
    var fullCount: Int { state.withLock { $0.fullCount } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Makes all commits from now on fail; not any more, for `nil`.
    func fail(_ error: ClusterError?) { state.withLock { $0.error = error } }

    /// Lets no commit through until it is released.
    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    func load() async throws -> [StoredEntry] {
        state.withLock { $0.entries.map { StoredEntry($0.key, $0.value) } }
    }

    func commit(_ changes: [StoredEntry]) async throws {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                if state.isHeld { state.held.append(continuation) }
                return !state.isHeld
            }
            if goesOn { continuation.resume() }
        }
        try state.withLock { state in
            if let error = state.error {
                if error.code == .outOfDisk { state.fullCount += 1 }
                throw error
            }
            for entry in changes { state.entries[entry.key] = entry.value }
            state.commitSizes.append(changes.count)
        }
    }

    func close() async { state.withLock { $0.isClosed = true } }
}
