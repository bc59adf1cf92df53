package import MantaCore

/// What it takes to start a worker.
package struct WorkerStart: Sendable {
    /// What the worker is told.
    package var launch: WorkerLaunch
    /// What it is started from; `nil`: the launcher's own program.
    package var program: WorkerProgram?
    /// Variables of the actor that it is for, beside those of the program.
    package var environment: [String: String]
    /// Whose actors it will host.
    package var job: ProcessID
    /// The folder in which the files of what it writes are; `nil`: it only goes to the raylet's log.
    package var logDirectory: String?
}
