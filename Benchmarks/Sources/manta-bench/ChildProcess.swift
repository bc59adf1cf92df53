import CFloor
import Glibc

/// Another process of this program.
enum ChildProcess {
    /// Runs it to its end.
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
        let started = start(arguments, variables, output: pipe[1])
        close(pipe[1])
        defer { close(pipe[0]) }
        let child = try started.get()
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

    private static func start(
        _ arguments: [String],
        _ variables: [String: String],
        output: Int32
    ) -> Result<pid_t, BenchmarkError> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var child: pid_t = 0
        let environment = environment().merging(variables) { $1 }.map { "\($0)=\($1)" }
        let error = withCStrings(["manta-bench"] + arguments) { arguments in
            withCStrings(environment) { posix_spawn(&child, "/proc/self/exe", &actions, nil, arguments, $0) }
        }
        return error == 0
            ? .success(child)
            : .failure(BenchmarkError(description: "cannot start a process: error \(error)"))
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
