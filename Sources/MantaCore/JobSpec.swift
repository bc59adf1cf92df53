/// What is known of a job from its start: the driver, and what its workers are started from.
///
/// A job is named by its driver's ``ProcessID``.
package struct JobSpec: Hashable, Sendable, Codable {
    package var id: ProcessID
    /// Of the driver's configuration.
    package var namespace: String
    /// The driver's executable; `nil`: the one that the raylets' own launchers start.
    package var program: Program?
    /// The driver's, with the name of the program as the first one.
    package var arguments: [String]
    package var environment: [String: String]
    /// See `WorkerProgram.entersBeforeMain`.
    package var entersBeforeMain: Bool
    /// Where the driver's executable was when it started, for machines that have the same files.
    package var executable: String
    /// The driver's, for workers on machines that have it too.
    package var workingDirectory: String?
    /// The machine that the driver runs on.
    package var machine: MachineID
    /// That machine's name, for people.
    package var host: String
    /// The operating system's number of the driver.
    package var driverProcessID: Int32
    /// Seconds since 1 January 1970, UTC.
    package var startTime: Double

    /// An executable.
    package struct Program: Hashable, Sendable, Codable {
        package var id: ProgramID
        package var byteCount: Int

        package init(id: ProgramID, byteCount: Int) {
            self.id = id
            self.byteCount = byteCount
        }
    }

    package init(
        id: ProcessID,
        namespace: String,
        program: Program?,
        arguments: [String],
        environment: [String: String],
        entersBeforeMain: Bool,
        executable: String,
        workingDirectory: String?,
        machine: MachineID,
        host: String,
        driverProcessID: Int32,
        startTime: Double
    ) {
        self.id = id
        self.namespace = namespace
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.entersBeforeMain = entersBeforeMain
        self.executable = executable
        self.workingDirectory = workingDirectory
        self.machine = machine
        self.host = host
        self.driverProcessID = driverProcessID
        self.startTime = startTime
    }
}

/// One start of a machine, or of a container on it: processes with the same one see each other's numbers and files.
package struct MachineID: Hashable, Sendable, Codable, CustomStringConvertible {
    package var description: String

    package init(_ text: String) { description = text }
}
