internal import CMantaShims
internal import FoundationEssentials
internal import Glibc
internal import MantaCore
internal import MantaRaylet
internal import MantaTransport

/// The tool, started again in the background: it has no terminal, and tells how its start went over a socket.
struct DetachedProcess {
    /// The socket, in the process that was started.
    static let reportDescriptor: Int32 = 3

    /// After which a person wants to know what is waited for.
    private static let delay: Int64 = 2_000_000  // us

    let processID: Int32
    private let socket: Int32

    /// Starts it with the arguments of this process and some more.
    ///
    /// - Parameters:
    ///   - arguments: The last of two options counts.
    ///   - terminator: Before which argument they go; at the end for `nil`.
    ///   - log: Where its output goes.
    /// - Throws: ``ClusterError`` with code `invalidArgument` when the log or the system does not allow it.
    init(adding arguments: [String], before terminator: String? = nil, log: String) throws(ClusterError) {
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw Self.failure("opening \(log)", errno) }
        defer { close(output) }
        var sockets: [Int32] = [-1, -1]
        let status = manta_socketpair(&sockets)
        guard status >= 0 else { throw Self.failure("socketpair", -status) }
        let program = WorkerProgram.current
        let command = program.command(adding: arguments, before: terminator)
        let process = command.spawn(control: sockets[1], output: output, errors: output)
        _ = manta_close(sockets[1])
        guard process > 0 else {
            _ = manta_close(sockets[0])
            throw Self.failure("posix_spawn of \(program.path)", -process)
        }
        processID = process
        socket = sockets[0]
    }

    /// Waits for its report; once.
    ///
    /// - Parameter onDelay: Called when it has not come after two seconds.
    /// - Returns: `nil` when it has ended, or has become another program, without one.
    func report<Report: Decodable>(onDelay: () -> Void = {}) -> Report? {
        defer { _ = manta_close(socket) }
        if manta_wait_readable(socket, -1, Self.delay) == 0 { onDelay() }
        var data = Data()
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while manta_wait_readable(socket, -1, -1) >= 0 {
            let count = manta_receive(socket, &buffer, buffer.count)
            guard count > 0 else { break }
            data.append(contentsOf: buffer[..<count])
        }
        return try? JSONDecoder().decode(Report.self, from: data)
    }

    /// In the process that was started: calls `body`, on a thread of its own, when whoever has started it has gone; after the
    /// report that says nothing.
    static func whenAbandoned(_ body: @escaping @Sendable () -> Void) {
        startThread(named: "manta-start") {
            _ = manta_wait_readable(reportDescriptor, -1, -1)
            body()
        }
    }

    /// Reports from the process that was started; once.
    ///
    /// - Returns: Whether the one that has started it is still there.
    @discardableResult
    static func report(_ report: some Encodable) -> Bool {
        guard let data = try? JSONEncoder().encode(report) else { return false }
        defer {
            // Not closed for good while the thread of `whenAbandoned` looks at it.
            manta_shutdown(reportDescriptor)
            _ = manta_close(reportDescriptor)
        }
        return data.withUnsafeBytes { manta_send(reportDescriptor, $0.baseAddress, $0.count) } == data.count
    }

    /// How it ended, which it is about to.
    func end() -> String {
        var status: Int32 = 0
        waitpid(processID, &status, 0)
        let signal = status & 0x7f
        return signal == 0 ? "exited with code \((status >> 8) & 0xff)" : "was ended by signal \(signal)"
    }

    private static func failure(_ what: String, _ error: Int32) -> ClusterError {
        ClusterError(.invalidArgument, "\(what) failed: \(String(cString: strerror(error)))")
    }
}
