internal import CMantaShims
internal import Glibc
internal import Logging
internal import MantaCore
internal import MantaTransport
import Synchronization

/// The file of what one worker writes, in the folder of its job: `job-<number>/worker-<process>.log`.
///
/// It is made with the first line. When it has grown it goes on in a new one: `.log` is the newest part, `.log.1` the one
/// before. Of the folders of jobs, and of the files in one, the newest are kept.
final class WorkerLog: Sendable {
    struct Limits {
        var partByteCount = 16 << 20
        var partCount = 3
        var fileCount = 300
        var jobCount = 100
    }

    private let directory: String
    private let folder: String
    private let path: String
    private let limits: Limits
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var file: Int32?
        var byteCount = 0
        /// Lines that have yet to be written.
        var pending: [UInt8] = []
        /// The disk did not take it, and that was said.
        var hasFailed = false
    }

    /// - Parameters:
    ///   - directory: Where the folders of jobs are.
    ///   - job: Whose worker it is.
    ///   - worker: The operating system's number of the worker.
    ///   - limits: What is kept.
    ///   - logger: For what goes wrong.
    init(directory: String, job: ProcessID, worker: Int32, limits: Limits = Limits(), logger: Logger) {
        self.directory = directory
        folder = "\(directory)/job-\(String(job.rawValue, radix: 16))"
        path = "\(folder)/worker-\(worker).log"
        self.limits = limits
        self.logger = logger
    }

    deinit {
        if let file = state.withLock({ $0.file }) { close(file) }
    }

    /// Adds a line. It is written with the next ``flush()``.
    func append(_ line: String) {
        state.withLock { state in
            state.pending += line.utf8
            state.pending.append(UInt8(ascii: "\n"))
        }
    }

    /// Writes the lines. On a thread that may wait for the disk.
    func flush() {
        state.withLock { state in
            guard !state.pending.isEmpty else { return }
            defer { state.pending.removeAll(keepingCapacity: true) }
            if state.byteCount > 0, state.byteCount + state.pending.count > limits.partByteCount {
                rotate(&state)
            }
            guard let file = opened(&state) else { return }
            state.byteCount += write(state.pending, to: file, &state)
        }
    }

    private func write(_ bytes: [UInt8], to file: Int32, _ state: inout State) -> Int {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                fail("write", &state)
                break
            }
            written += count
        }
        return written
    }

    private func opened(_ state: inout State) -> Int32? {
        if let file = state.file { return file }
        makeFolder()
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            fail("open", &state)
            return nil
        }
        var status = stat()
        state.byteCount = fstat(file, &status) == 0 ? Int(status.st_size) : 0
        state.file = file
        return file
    }

    private func rotate(_ state: inout State) {
        if let file = state.file.take() { close(file) }
        state.byteCount = 0
        for number in (1..<max(2, limits.partCount)).reversed() {
            rename(number == 1 ? path : "\(path).\(number - 1)", "\(path).\(number)")
        }
    }

    private func fail(_ call: String, _ state: inout State) {
        let number = errno
        guard !state.hasFailed else { return }
        state.hasFailed = true
        logger.warning(
            "the output of a worker is lost",
            metadata: ["path": "\(path)", "reason": "\(call): \(describe(error: number))"]
        )
    }

    // MARK: What is kept

    private func makeFolder() {
        mkdir(directory, 0o700)
        if mkdir(folder, 0o700) == 0 {
            let jobs = FolderEntries.names(in: directory).filter { $0.hasPrefix("job-") }
            for old in oldest(jobs, in: directory, beyond: limits.jobCount) {
                for name in FolderEntries.names(in: "\(directory)/\(old)") {
                    unlink("\(directory)/\(old)/\(name)")
                }
                rmdir("\(directory)/\(old)")
            }
        } else {
            let files = FolderEntries.names(in: folder).filter { $0.hasPrefix("worker-") }
            for old in oldest(files, in: folder, beyond: limits.fileCount - 1) { unlink("\(folder)/\(old)") }
        }
    }

    private func oldest(_ names: [String], in folder: String, beyond limit: Int) -> [String] {
        guard names.count > limit else { return [] }
        let times = names.map { (name: $0, time: manta_modified("\(folder)/\($0)")) }
        return times.sorted { $0.time < $1.time }.prefix(names.count - limit).map(\.name)
    }
}
