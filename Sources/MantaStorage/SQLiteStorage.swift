internal import Foundation
internal import GRDB
package import MantaCore
package import MantaGCS
internal import Synchronization

/// A directory in one SQLite file, for a head that stays on its machine.
///
/// The file is in WAL mode and synchronised at each commit: what was committed is there after the process, or the machine,
/// has ended in whatever way. Files in the folder:
///
/// | file | what it is |
/// | --- | --- |
/// | `directory.sqlite`, `-wal` | the entries, a table for each kind, every one with a checksum; the number of commits |
/// | `directory.mark` | the number of the last commit that was told to be durable: see ``CommitMark`` |
/// | `directory.lock` | who serves it: see ``DirectoryLock`` |
package final class SQLiteStorage: DirectoryStorage {
    private let lock: DirectoryLock
    private let mark: CommitMark
    private let database: DatabaseQueue
    private let path: String
    package var name: String { path }
    private let state: Mutex<State>

    private struct State {
        var commitNumber: UInt64
        /// After a commit that failed nobody knows what is stored until it is opened again.
        var isBroken = false
    }

    /// Opens the directory in a folder, which is made if there is none. Blocks: some 0.1 s for 100,000 actors.
    ///
    /// - Parameter folder: Where its files are.
    /// - Throws: ``ClusterError``: `invalidArgument` when another head serves it or the folder cannot be used, `undecodable`
    ///   when its files are torn, damaged or something else, `incompatible` when a later version has written them.
    package init(in folder: String) throws(ClusterError) {
        path = folder + "/directory.sqlite"
        try DirectoryFile.makeFolder(folder)
        lock = try DirectoryLock(folder + "/directory.lock", of: folder)
        mark = try CommitMark(folder + "/directory.mark")
        try DirectoryFile.prepare(path, markedNumber: mark.number)
        do {
            database = try DatabaseQueue(path: path, configuration: Self.configuration)
            state = Mutex(State(commitNumber: try database.inDatabase { try Self.check($0) }))
        } catch {
            throw Self.refusal(of: path, error)
        }
        let number = state.withLock { $0.commitNumber }
        guard number >= mark.number else {
            throw DirectoryFile.torn(
                path,
                "it ends with commit \(number), and commit \(mark.number) was told to be durable"
            )
        }
    }

    // MARK: Opening

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "manta-directory"
        configuration.prepareDatabase { database in
            // Nobody else is to look while it is served: also not another head on a file system where locks of files fail.
            try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA cell_size_check = ON")
            // Of pages of 4 KiB. The file is written in fewer, longer strokes than by default.
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 4000")
        }
        return configuration
    }

    /// - Returns: The number of its last commit.
    private static func check(_ database: Database) throws -> UInt64 {
        let findings = try String.fetchAll(database, sql: "PRAGMA quick_check(3)")
        guard findings == ["ok"] else {
            throw ClusterError(.undecodable, findings.joined(separator: "; "))
        }
        guard let number = try Int64.fetchOne(database, sql: "SELECT number FROM commits"), number >= 0 else {
            throw ClusterError(.undecodable, "it does not say how many commits it has seen")
        }
        return UInt64(number)
    }

    /// What is said of a file that could not be opened or read.
    private static func refusal(of path: String, _ error: any Error) -> ClusterError {
        guard let error = error as? DatabaseError else {
            return DirectoryFile.damaged(path, (error as? ClusterError)?.message ?? "\(error)")
        }
        switch error.resultCode {
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return ClusterError(
                .invalidArgument,
                "\(path) is in use by another program",
                hint: "close whatever has it open"
            )
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
            return ClusterError(
                .invalidArgument,
                "\(path) cannot be opened: \(error.message ?? "\(error)")",
                hint: "the head's user has to be able to read and write it, and its folder"
            )
        default: return DirectoryFile.damaged(path, error.message ?? "\(error)")
        }
    }

    // MARK: Entries

    package func load() async throws -> [StoredEntry] {
        do {
            return try await database.read { database in
                var entries: [StoredEntry] = []
                for kind in StoredEntry.Kind.allCases { try kind.read(from: database, into: &entries) }
                return entries
            }
        } catch {
            throw Self.refusal(of: path, error)
        }
    }

    package func commit(_ changes: [StoredEntry]) async throws {
        let number = try state.withLock { state in
            guard !state.isBroken else { throw broken("an earlier commit has failed") }
            // Until this one has succeeded.
            state.isBroken = true
            return state.commitNumber + 1
        }
        do {
            // Neighbours in the file one after the other.
            let sorted = changes.sorted {
                ($0.key.kind.rawValue, $0.key.id) < ($1.key.kind.rawValue, $1.key.id)
            }
            try await database.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    for entry in sorted { try entry.write(to: database) }
                    try database.cachedStatement(sql: "UPDATE commits SET number = ?")
                        .execute(arguments: [Int64(number)])
                    return .commit
                }
            }
        } catch let error as DatabaseError {
            guard error.resultCode == .SQLITE_FULL || error.extendedResultCode == .SQLITE_IOERR_SHMSIZE else {
                throw broken(error.message ?? "\(error)")
            }
            // Rolled back as a whole, so it may be tried again.
            state.withLock { $0.isBroken = false }
            throw ClusterError(
                .outOfDisk,
                "there is no room for the directory: \(path)",
                hint: "make room on the disk: the head goes on by itself"
            )
        }
        try mark.write(number)
        state.withLock { $0 = State(commitNumber: number) }
    }

    package func close() async {
        state.withLock { $0.isBroken = true }
        // Without it the next one to open the file would only have more to read.
        _ = try? await database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? database.close()
        mark.close()
        lock.release()
    }

    private func broken(_ why: String) -> ClusterError {
        ClusterError(
            .notConnected,
            "the directory cannot be written to \(path): \(why)",
            hint: "start the head again when the disk is in order"
        )
    }
}
