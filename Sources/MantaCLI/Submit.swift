internal import ArgumentParser
internal import CMantaShims
internal import Glibc
internal import Manta
internal import MantaCore

/// Runs a program as a driver of the cluster.
struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a program of this machine as a driver of the cluster.",
        usage: "manta submit [<options>] -- <executable> [<argument> …]",
        discussion: """
            The program takes this command's place: its output is this output, it gets what the terminal sends, and its \
            exit code is the command's; 127 when there is no such program, 126 when it cannot be run. Its environment \
            names the cluster: MANTA_ADDRESS and MANTA_DIRECTORY.
            """
    )

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp(
            "The program, found as a shell finds it, and its arguments.",
            valueName: "executable"
        )
    )
    var command: [String] = []

    @OptionGroup
    var cluster: ClusterPlace

    @Option(help: ArgumentHelp("A variable for its environment; may be given again.", valueName: "k=v"))
    var env: [String] = []

    @Option(help: ArgumentHelp("Where the names of its actors count. (default: default)", valueName: "name"))
    var namespace: String?

    @Flag(help: "Run it in the background, with its output in a log of the node's folder.")
    var detach = false

    /// This process was started by the one that the user has started.
    @Flag(help: .hidden)
    var detached = false

    func validate() throws {
        guard !command.isEmpty else {
            throw ValidationError("Say what to run, behind two dashes: manta submit -- EXECUTABLE ARGUMENTS")
        }
        for variable in env where variable.firstIndex(of: "=") ?? variable.startIndex == variable.startIndex {
            throw ValidationError("\"\(variable)\" is no variable: write a name, = and a value.")
        }
    }

    func run() async throws {
        if detached {
            setsid()
            _ = manta_set_close_on_exec(DetachedProcess.reportDescriptor)
        }
        do {
            let address = try cluster.find()
            if detach, !detached { return try startDetached(address) }
            setEnvironment(address)
            let error = replaceProcess()
            let failure = ClusterError(
                .invalidArgument,
                "\(command[0]) cannot be run: \(String(cString: strerror(error)))",
                hint: error == ENOENT ? "give its path, or have it in PATH" : nil
            )
            throw ProgramFailure(error: failure, code: error == ENOENT ? 127 : 126)
        } catch let failure as ProgramFailure {
            if detached { DetachedProcess.report(failure.error) }
            Console.note("manta: \(Console.describe(failure.error))")
            throw ExitCode(failure.code)
        }
    }

    private struct ProgramFailure: Error {
        var error: ClusterError
        var code: Int32
    }

    private func setEnvironment(_ address: ClusterAddress) {
        var variables: [String: String] = ["MANTA_ADDRESS": address.joiningText]
        if address.card.node != nil { variables[ClusterAddress.directoryVariable] = address.directory }
        variables["MANTA_NAMESPACE"] = namespace
        for (name, value) in variables { setenv(name, value, 1) }
        for variable in env {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            setenv(String(parts[0]), String(parts[1]), 1)
        }
    }

    /// - Returns: Why the program does not run: the error number.
    private func replaceProcess() -> Int32 {
        // Threads that run Swift tasks let no signal through, and a program takes that over.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var arguments = command.map { strdup($0) } + [nil]
        execvp(command[0], &arguments)
        return errno
    }

    private func startDetached(_ address: ClusterAddress) throws {
        let id = String(UInt32.random(in: 1 ... .max), radix: 16)
        let folder = NodeFolder.logs(in: address.directory)
        try NodeFolder.make(folder)
        let log = "\(folder)/\(LogTarget.log(ofProgram: id))"
        let child = try DetachedProcess(adding: ["--detached"], before: "--", log: log)
        if let error: ClusterError = child.report() { throw error }
        Console.print([
            "\(id) runs as process \(child.processID); its output goes to \(log)",
            "manta logs \(id) shows it.",
        ])
    }
}
