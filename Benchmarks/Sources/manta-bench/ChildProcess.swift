import CFloor
import Glibc

/// Processes that this one starts.
enum ChildProcess {
    /// Runs this program once more, to its end. Signals that this process gets meanwhile are its too.
    ///
    /// - Parameters:
    ///   - arguments: Without the program's name.
    ///   - variables: Added to this process's environment.
    /// - Returns: What it wrote to its standard output.
    /// - Throws: ``BenchmarkError`` when it cannot be started or fails.
    static func output(arguments: [String], variables: [String: String]) throws -> String {
        var pipe: [Int32] = [0, 0]
        guard cfloor_pipe(&pipe) == 0 else {
            throw BenchmarkError(description: "cannot make a pipe: error \(errno)")
        }
        let started = Result { try start(["manta-bench"] + arguments, variables, outputs: [1: pipe[1]]) }
        close(pipe[1])
        defer { close(pipe[0]) }
        let child = try started.get()
        cfloor_pass_signals_to(child)
        defer { cfloor_pass_signals_to(0) }
        let text = readToEnd(pipe[0])
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            throw BenchmarkError(
                description: "\(arguments.joined(separator: " ")) failed with status \(status)"
            )
        }
        return text
    }

    /// Starts this program once more, in whatever role `variables` give it.
    ///
    /// - Parameters:
    ///   - arguments: With the program's name.
    ///   - variables: Added to this process's environment.
    ///   - outputs: Descriptors of this process by what they are to be in the other.
    /// - Returns: The other process.
    /// - Throws: ``BenchmarkError`` when it cannot be started.
    static func start(
        _ arguments: [String],
        _ variables: [String: String],
        outputs: [Int32: Int32]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, source) in outputs { posix_spawn_file_actions_adddup2(&actions, source, target) }
        // Threads of Swift's pool have signals blocked, and what they start would too.
        var (attributes, none) = (posix_spawnattr_t(), sigset_t())
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var child: pid_t = 0
        let environment = environment().merging(variables) { $1 }.map { "\($0)=\($1)" }
        let error = withCStrings(arguments) { arguments in
            withCStrings(environment) {
                posix_spawn(&child, "/proc/self/exe", &actions, &attributes, arguments, $0)
            }
        }
        guard error == 0 else { throw BenchmarkError(description: "cannot start a process: error \(error)") }
        return child
    }

    private static func environment() -> [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let variable = entry.pointee {
            let parts = String(cString: variable).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }

    private static func withCStrings<R>(
        _ strings: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R {
        var pointers = strings.map { strdup($0) }
        pointers.append(nil)
        defer { pointers.forEach { free($0) } }
        return body(pointers)
    }
}
