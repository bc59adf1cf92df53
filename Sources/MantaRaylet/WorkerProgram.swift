internal import Glibc
package import MantaCore

/// The program that workers and nodes run: the driver's own, with its arguments and environment.
package struct WorkerProgram: Sendable {
    package var path: String
    package var arguments: [String]
    package var environment: [String: String]
    /// A test bundle's `main` runs its tests, so what is started from it must not reach that.
    package var entersBeforeMain: Bool
    /// Where it starts, if there is such a folder; `nil`: where whoever starts it is.
    package var workingDirectory: String?

    /// That of a job, whose executable is here in the file at `path`.
    package init(_ job: JobSpec, at path: String) {
        self.init(
            path: path,
            arguments: job.arguments,
            environment: job.environment,
            entersBeforeMain: job.entersBeforeMain,
            workingDirectory: job.workingDirectory
        )
    }

    private init(
        path: String,
        arguments: [String],
        environment: [String: String],
        entersBeforeMain: Bool,
        workingDirectory: String?
    ) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.entersBeforeMain = entersBeforeMain
        self.workingDirectory = workingDirectory
    }

    /// The program of this process.
    package static var current: WorkerProgram {
        // The link's target, which still names the right file when a program was replaced while it runs, is
        // the link itself.
        let path = "/proc/self/exe"
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count - 1)
        let name =
            count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : path
        var environment: [String: String] = [:]
        var entry = environ
        while let variable = entry.pointee {
            let text = String(cString: variable)
            if let equals = text.firstIndex(of: "=") {
                environment[String(text[..<equals])] = String(text[text.index(after: equals)...])
            }
            entry += 1
        }
        let directory = getcwd(nil, 0)
        defer { free(directory) }
        return WorkerProgram(
            path: path,
            arguments: CommandLine.arguments,
            environment: environment,
            entersBeforeMain: name.hasSuffix(".xctest") || name.hasSuffix("swiftpm-testing-helper"),
            workingDirectory: directory.map { String(cString: $0) }
        )
    }

    /// Starts the program again as it was started, with more arguments: before `terminator`, or at the end.
    package func command(adding arguments: [String], before terminator: String? = nil) -> ProcessCommand {
        let place = terminator.flatMap { self.arguments.firstIndex(of: $0) } ?? self.arguments.endIndex
        let all = self.arguments[..<place] + arguments + self.arguments[place...]
        return ProcessCommand(path: path, arguments: Array(all), environment: environment)
    }

    /// Starts the program in the role that `launch`, in the variable `role`, tells it.
    package func command(
        _ role: String,
        _ launch: String,
        adding environment: [String: String] = [:]
    ) -> ProcessCommand {
        var variables = self.environment
        // A backtrace takes half a second, in which the crash is known to nobody, and pushes out the line
        // that says why.
        variables["SWIFT_BACKTRACE"] = variables["SWIFT_BACKTRACE"] ?? "enable=no"
        variables.merge(environment) { $1 }
        variables[role] = launch
        variables[WorkerLaunch.beforeMainVariable] = entersBeforeMain ? "1" : nil
        return ProcessCommand(
            path: path,
            arguments: arguments,
            environment: variables,
            directory: workingDirectory
        )
    }
}
