import CFloor
import FoundationEssentials
import Glibc

/// A node that is a daemon, at a port of the loopback interface.
struct DaemonNode: Codable {
    /// The program `manta`.
    let program: String
    /// Where it keeps all that is its own.
    let folder: String
    let secret: String
    let port: UInt16
    /// Where the head is; `nil` for the head.
    let head: UInt16?
    /// The core to which it and its workers are pinned.
    let core: Int32?
    /// The daemon, once it has been started.
    private(set) var process: pid_t = 0

    init(
        _ program: MantaProgram,
        folder: String,
        secret: String,
        head: UInt16?,
        core: Int32?
    ) throws {
        var port: UInt16 = 0
        try check(cfloor_free_port(&port), "find a free port")
        self.port = port
        self.program = program.path
        self.folder = folder
        self.secret = secret
        self.head = head
        self.core = core
    }

    var address: String { "127.0.0.1:\(port)" }
    private var log: String { "\(folder).log" }
    /// Written when the node has joined.
    private var card: String { "\(folder)/card" }

    /// Starts the daemon, and returns when it is a member of its cluster.
    ///
    /// - Parameter outlivesThread: Without it, the daemon ends with the calling thread, so that nothing is left of a
    ///   program that was killed.
    /// - Throws: ``BenchmarkError`` with what the daemon wrote when it ends instead, or takes longer than a minute.
    mutating func start(outlivesThread: Bool = false) throws {
        unlink(card)
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard output >= 0 else {
            throw BenchmarkError(description: "cannot write to \(log): error \(errno)")
        }
        defer { close(output) }
        var variables = [CFLOOR_PROGRAM_VARIABLE: outlivesThread ? CFLOOR_PROGRAM_STAYS : "1"]
        if let core { variables[CFLOOR_CORE_VARIABLE] = "\(core)" }
        let role = head.map { ["--address", "127.0.0.1:\($0)"] } ?? ["--head"]
        let arguments =
            ["manta-bench", program, "start"] + role + [
                "--block", "--bind", "127.0.0.1", "--port", "\(port)", "--directory", folder, "--secret-file",
                secret,
            ]
        process = try ChildProcess.start(arguments, variables, outputs: [1: output, 2: output])
        let deadline = ContinuousClock.now + .seconds(60)
        while access(card, F_OK) != 0 {
            guard waitpid(process, nil, WNOHANG) == 0, ContinuousClock.now < deadline,
                cfloor_caught_signal() == 0
            else {
                throw BenchmarkError(description: "the node at \(address) does not start:\n\(try written())")
            }
            usleep(2_000)
        }
    }

    /// What it has written.
    func written() throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: log)), as: UTF8.self)
    }

    /// Sends a signal to the daemon and to all that it has started, at once but for the time of the system calls.
    func signal(_ number: Int32) throws {
        let processes = [process] + (try ProcessTree.children(of: process))
        for process in processes { Glibc.kill(process, number) }
    }

    /// Asks the daemon to end, and waits for that; kills it if it takes longer than 20 seconds.
    func stop() {
        guard process > 0 else { return }
        Glibc.kill(process, SIGTERM)
        let deadline = ContinuousClock.now + .seconds(20)
        while waitpid(process, nil, WNOHANG) == 0 {
            if ContinuousClock.now > deadline { Glibc.kill(process, SIGKILL) }
            usleep(2_000)
        }
    }
}
