internal import CMantaShims
internal import Glibc
internal import Logging
import MantaCore
import MantaRuntime
import MantaTransport
import Synchronization

/// A worker as its raylet sees it: an operating system process, its control link, its output.
///
/// The process is watched by a descriptor for it, not by signals, and all its output is read before its end
/// is told.
final class WorkerProcess: WorkerHandle, LaneSource, Sendable {
    let id: ProcessID
    let operatingSystemID: Int32
    private let descriptor: Int32
    private let lane: Lane
    private let logger: Logger
    private let log: WorkerLog?
    /// Named in the log, unless it is that of the driver which the log is of.
    private let job: ProcessID?
    private let onExit: @Sendable (DeathCause) -> Void
    private let state: Mutex<State>
    /// Confined to the lane.
    nonisolated(unsafe) private var token: LaneToken?

    private struct State {
        /// The actor that it hosts, for the lines that it writes.
        var label: String?
        var lastOutput = LastOutput()
        var openOutputs = 2
        var exit: DeathCause?
        var hasReported = false
        var readers: [OutputReader] = []
    }

    /// Starts the process, and returns this end of its control socket beside it.
    ///
    /// `outputLane` reads what the worker writes, which goes to a file if there is a folder for that, else to `logger`; `onExit` is called once, when the process has ended and its
    /// output has been read. Throws `overloaded` when the system has no process or descriptor left.
    static func start(
        _ start: WorkerStart,
        _ command: ProcessCommand,
        lane: Lane,
        outputLane: Lane,
        logger: Logger,
        onExit: @escaping @Sendable (DeathCause) -> Void
    ) throws(ClusterError) -> (process: WorkerProcess, control: Int32) {
        var control: [Int32] = [-1, -1]
        var output: [Int32] = [-1, -1]
        var errors: [Int32] = [-1, -1]
        var all: [Int32] { control + output + errors }
        func check(_ status: Int32, _ call: String) throws(ClusterError) {
            guard status < 0 else { return }
            for descriptor in all where descriptor >= 0 { _ = manta_close(descriptor) }
            if status == -EACCES {
                throw ClusterError(
                    .invalidArgument,
                    "cannot start a worker: \(call) failed: \(describe(error: EACCES))",
                    hint: "if its file system is mounted noexec, start the node with another folder"
                )
            }
            throw ClusterError(
                .overloaded,
                "cannot start a worker: \(call) failed: \(describe(error: -status))",
                hint: "raise the limits on processes and open files (ulimit -u, ulimit -n)"
            )
        }
        try check(manta_socketpair(&control), "socketpair")
        try check(manta_pipe(&output), "pipe")
        try check(manta_pipe(&errors), "pipe")
        let pid = command.spawn(control: control[1], output: output[1], errors: errors[1])
        try check(pid, "posix_spawn of \(command.path)")
        for descriptor in [control[1], output[1], errors[1]] { _ = manta_close(descriptor) }
        let pidfd = manta_pidfd_open(pid)
        precondition(pidfd >= 0, "no descriptor for process \(pid): \(describe(error: -pidfd))")
        let process = WorkerProcess(start, pid, pidfd, lane, logger, onExit)
        process.begin(outputs: [output[0], errors[0]], outputLane: outputLane)
        return (process, control[0])
    }

    private init(
        _ start: WorkerStart,
        _ pid: Int32,
        _ descriptor: Int32,
        _ lane: Lane,
        _ logger: Logger,
        _ onExit: @escaping @Sendable (DeathCause) -> Void
    ) {
        id = start.launch.worker
        job = start.program == nil ? nil : start.job
        log = start.logDirectory.map {
            WorkerLog(directory: $0, job: start.job, worker: pid, logger: logger)
        }
        operatingSystemID = pid
        self.descriptor = descriptor
        self.lane = lane
        self.logger = logger
        self.onExit = onExit
        state = Mutex(State())
    }

    private func begin(outputs: [Int32], outputLane: Lane) {
        let readers = zip(outputs, ["stdout", "stderr"]).map { output, stream in
            OutputReader(
                output,
                lane: outputLane,
                onLine: { [self] line in wrote(line, to: stream) },
                onPause: { [self] in log?.flush() },
                onEnd: { [self] in outputEnded() }
            )
        }
        state.withLock { $0.readers = readers }
        for reader in readers { reader.start() }
        lane.execute { self.token = self.lane.add(self, descriptor: self.descriptor, events: .readable) }
    }

    /// Names what the worker's lines come from.
    func setLabel(_ label: String?) { state.withLock { $0.label = label } }

    /// Ends the process at once, and says why behind its last output.
    func kill(because reason: String) {
        state.withLock { $0.lastOutput.append("manta: the raylet ended this worker: \(reason)") }
        kill()
    }

    /// Ends the process at once.
    func kill() { _ = manta_pidfd_kill(descriptor, SIGKILL) }

    /// The last that it has written.
    var lastLines: [String] { state.withLock { $0.lastOutput.lines } }

    private func wrote(_ line: String, to stream: String) {
        let label = state.withLock { state in
            state.lastOutput.append(line)
            return state.label
        }
        if let log { return log.append(line) }
        var metadata: Logger.Metadata = [
            "worker": "\(operatingSystemID)", "actor": "\(label ?? "-")", "stream": "\(stream)",
        ]
        if let job { metadata["job"] = "\(job)" }
        logger.info("\(line)", metadata: metadata)
    }

    func ready(_ events: LaneEvents) {
        var code: Int32 = 0
        var signalled: Int32 = 0
        guard manta_pidfd_reap(descriptor, &code, &signalled) != 0, let token else { return }
        lane.remove(token, descriptor: descriptor)
        self.token = nil
        _ = manta_close(descriptor)
        let cause: DeathCause = signalled != 0 ? .crashed(signal: code, lastOutput: []) : .exited(code: code)
        let readers = state.withLock { state in
            state.exit = cause
            defer { state.readers = [] }
            return state.readers
        }
        for reader in readers { reader.finish() }
        report()
    }

    private func outputEnded() {
        state.withLock { $0.openOutputs -= 1 }
        report()
    }

    /// Tells the end, once the process is reaped and both of its outputs are read.
    private func report() {
        let cause: DeathCause? = state.withLock { state in
            guard let exit = state.exit, state.openOutputs == 0, !state.hasReported else { return nil }
            state.hasReported = true
            guard case .crashed(let signal, _) = exit else { return exit }
            return .crashed(signal: signal, lastOutput: state.lastOutput.lines)
        }
        if let cause { onExit(cause) }
    }
}
