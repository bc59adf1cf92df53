internal import Glibc
package import Logging
package import MantaCore
internal import MantaTransport
import Synchronization

/// The programs of jobs that this node has: files that are named by what is in them, which their owner may read and run, and
/// nobody may write.
///
/// A file is taken for the program that its name says only after its bytes have been hashed; later, as long as the system says
/// that it has not been touched. Those that ask for one program at the same time share its fetch. Of programs that no job uses
/// here the newest are kept. Files are read, written and hashed on a thread of the cache's own, never on a lane.
package final class ProgramCache: Sendable {
    package static let limit = 8

    let directory: String
    private let limit: Int
    private let logger: Logger
    let queue = ProgramQueue()
    private let state = Mutex(State())

    private struct State {
        /// Whether the folder was looked at.
        var isOpen = false
        var isStopped = false
        var entries: [ProgramID: Entry] = [:]
        var fetches: [ProgramID: Task<Obtained, any Error>] = [:]
        /// How many jobs use a program here.
        var users: [ProgramID: Int] = [:]
        var lastUse: UInt64 = 0
        /// That of this process, if a job has it.
        var own: ProgramID?
    }

    private struct Entry {
        /// Of the file whose bytes were found right; `nil` for one that was there before.
        var stamp: FileStamp?
        /// Counts up.
        var lastUse: UInt64
    }

    /// A program that is here.
    package struct Obtained: Sendable {
        package var path: String
        /// Whether it was not here before.
        package var isNew: Bool
        /// What was removed for it.
        package var dropped: [ProgramID]
    }

    /// - Parameters:
    ///   - directory: Where the files are; made when the first one comes.
    ///   - limit: How many to keep, without those that are in use.
    ///   - logger: The log.
    package init(directory: String, limit: Int = ProgramCache.limit, logger: Logger) {
        self.directory = directory
        self.limit = limit
        self.logger = logger
    }

    /// The programs that others can have from here.
    package var stored: [ProgramID] {
        state.withLock { state in
            state.entries.filter { $0.value.stamp != nil }.map(\.key) + (state.own.map { [$0] } ?? [])
        }
    }

    // MARK: Users

    /// Keeps a program, now or once it is here, until it is released as often.
    package func retain(_ program: ProgramID) { state.withLock { $0.users[program, default: 0] += 1 } }

    package func release(_ program: ProgramID) {
        state.withLock { state in
            let count = (state.users[program] ?? 1) - 1
            state.users[program] = count > 0 ? count : nil
        }
    }

    /// Ends fetches, for good.
    package func stop() {
        let fetches = state.withLock { state in
            state.isStopped = true
            return state.fetches.values
        }
        for fetch in fetches { fetch.cancel() }
    }

    // MARK: Asking

    /// Gets a program: it is here, or is fetched from the first origin that has it.
    ///
    /// - Parameters:
    ///   - program: Which, and its size.
    ///   - origins: Asked for when it is not here; tried in turn.
    /// - Returns: Where it is.
    /// - Throws: ``ClusterError``: `objectLost` when no origin has it, `outOfDisk`, `invalidArgument` when the folder cannot
    ///   be used. `CancellationError` at the end.
    package func obtain(
        _ program: JobSpec.Program,
        from origins: @escaping @Sendable () async throws -> [any ProgramOrigin]
    ) async throws -> Obtained {
        let fetch = state.withLock { state in
            if let underWay = state.fetches[program.id] { return underWay }
            // Unstructured, because it is shared; `stop()` cancels it.
            let fetch = Task(executorPreference: queue) {
                defer { self.state.withLock { $0.fetches[program.id] = nil } }
                return try await self.obtainNow(program, origins)
            }
            state.fetches[program.id] = fetch
            if state.isStopped { fetch.cancel() }
            return fetch
        }
        return try await fetch.value
    }

    /// Bytes of a program, for another node.
    ///
    /// - Returns: At most `byteCount` bytes from `offset` on; none at its end.
    /// - Throws: ``ClusterError`` with code `objectLost` when it is not here.
    func part(of program: ProgramID, at offset: Int, atMost byteCount: Int) throws(ClusterError) -> [UInt8] {
        let isOwn = state.withLock { $0.own == program }
        let path = isOwn ? ProgramDigest.ownPath : path(of: program)
        let file = open(path, O_RDONLY | O_CLOEXEC | (isOwn ? 0 : O_NOFOLLOW))
        defer { if file >= 0 { close(file) } }
        guard file >= 0, isOwn || isIntact(program, file) else {
            throw ClusterError(.objectLost, "there is no program \(program) in \(directory)")
        }
        guard offset >= 0, byteCount > 0 else {
            throw ClusterError(.invalidArgument, "\(byteCount) bytes from \(offset) on of \(program)")
        }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            while count < byteCount {
                let read = pread(
                    file,
                    buffer.baseAddress?.advanced(by: count),
                    byteCount - count,
                    offset + count
                )
                if read < 0, errno == EINTR { continue }
                if read < 0 { failure = errno }
                if read <= 0 { break }
                count += read
            }
        }
        guard failure == 0 else {
            throw ClusterError(.objectLost, "cannot read \(path): \(describe(error: failure))")
        }
        return bytes
    }

    // MARK: On the queue

    func path(of program: ProgramID) -> String { "\(directory)/\(program)" }

    private func obtainNow(
        _ program: JobSpec.Program,
        _ origins: @Sendable () async throws -> [any ProgramOrigin]
    ) async throws -> Obtained {
        try Task.checkCancellation()
        if try await isOwn(program) {
            return Obtained(path: ProgramDigest.ownPath, isNew: false, dropped: [])
        }
        try openFolder()
        let path = path(of: program.id)
        if isIntact(program.id) { return Obtained(path: path, isNew: false, dropped: []) }
        var failures: [String] = []
        for origin in try await origins() {
            try Task.checkCancellation()
            do {
                let start = Lane.now
                let draft = try ProgramDraft(program, in: directory)
                try await origin.write(program, to: draft)
                let stamp = try draft.publish(as: path)
                logger.info(
                    "a program is here",
                    metadata: [
                        "program": "\(program.id)", "from": "\(origin.name)", "bytes": "\(program.byteCount)",
                        "time": "\(Lane.now.since(start))",
                    ]
                )
                return Obtained(path: path, isNew: true, dropped: keep(program.id, stamp))
            } catch let error as ClusterError where error.code == .outOfDisk {
                throw error
            } catch {
                try Task.checkCancellation()
                logger.warning(
                    "a program could not be fetched",
                    metadata: ["program": "\(program.id)", "from": "\(origin.name)", "error": "\(error)"]
                )
                failures.append("\(origin.name) (\(error))")
            }
        }
        throw ClusterError(
            .objectLost,
            "nobody has the program \(program.id), of \(program.byteCount) bytes; asked: "
                + (failures.isEmpty ? "nobody" : failures.joined(separator: "; ")),
            hint: "run the driver again: its node then has the program"
        )
    }

    /// Whether it is that of this process, which is only hashed for one of the same size.
    private func isOwn(_ program: JobSpec.Program) async throws -> Bool {
        if state.withLock({ $0.own == program.id }) { return true }
        var status = stat()
        guard stat(ProgramDigest.ownPath, &status) == 0, status.st_size == program.byteCount,
            try await ProgramDigest.ofThisProcess() == program
        else { return false }
        state.withLock { $0.own = program.id }
        return true
    }

    /// Makes the folder, and finds what is left in it from an earlier life.
    private func openFolder() throws(ClusterError) {
        guard !state.withLock({ $0.isOpen }) else { return }
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw ProgramDraft.failure("mkdir", directory)
        }
        var found: [(ProgramID, Int)] = []
        for name in FolderEntries.names(in: directory) {
            let path = "\(directory)/\(name)"
            if name.hasPrefix(ProgramDraft.prefix), !Self.isWritten(name) {
                unlink(path)
            } else if let program = try? ProgramID(from: name) {
                var status = stat()
                if lstat(path, &status) == 0 { found.append((program, status.st_mtim.tv_sec)) }
            }
        }
        state.withLock { state in
            for (program, _) in found.sorted(by: { $0.1 < $1.1 }) {
                state.lastUse += 1
                state.entries[program] = Entry(stamp: nil, lastUse: state.lastUse)
            }
            state.isOpen = true
        }
    }

    /// Whether the process that writes a draft lives, as far as one can see.
    private static func isWritten(_ draft: String) -> Bool {
        guard
            let process = draft.dropFirst(ProgramDraft.prefix.count).split(separator: "-").first.flatMap({
                Int32($0)
            })
        else { return false }
        return process == getpid() || kill(process, 0) == 0
    }

    private func isIntact(_ program: ProgramID) -> Bool {
        let file = open(path(of: program), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            state.withLock { $0.entries[program] = nil }
            return false
        }
        defer { close(file) }
        return isIntact(program, file)
    }

    /// Whether the open file is the program, for all that the system says; if it was touched, its bytes say.
    private func isIntact(_ program: ProgramID, _ file: Int32) -> Bool {
        guard let stamp = FileStamp(file) else { return forget(program) }
        let known = state.withLock { $0.entries[program]?.stamp }
        guard known != stamp else {
            touch(program)
            return true
        }
        guard (try? ProgramDigest.of(file, at: path(of: program)))?.id == program else {
            return forget(program)
        }
        // Whoever touched it may have let others write, or nobody run it.
        guard fchmod(file, 0o500) == 0, let stamp = FileStamp(file) else { return forget(program) }
        _ = keep(program, stamp)
        return true
    }

    private func forget(_ program: ProgramID) -> Bool {
        logger.warning("a program was changed on the disk", metadata: ["path": "\(path(of: program))"])
        state.withLock { $0.entries[program] = nil }
        unlink(path(of: program))
        return false
    }

    private func touch(_ program: ProgramID) {
        state.withLock { state in
            state.lastUse += 1
            state.entries[program]?.lastUse = state.lastUse
        }
    }

    /// Notes a file whose bytes are right.
    ///
    /// - Returns: What was removed because there are too many.
    private func keep(_ program: ProgramID, _ stamp: FileStamp) -> [ProgramID] {
        let dropped = state.withLock { state in
            state.lastUse += 1
            state.entries[program] = Entry(stamp: stamp, lastUse: state.lastUse)
            let unused = state.entries.filter { state.users[$0.key] == nil && $0.key != program }
                .sorted { $0.value.lastUse < $1.value.lastUse }.map(\.key)
            let dropped = Array(unused.prefix(max(0, state.entries.count - limit)))
            for program in dropped { state.entries[program] = nil }
            return dropped
        }
        for program in dropped { unlink(path(of: program)) }
        return dropped
    }
}
