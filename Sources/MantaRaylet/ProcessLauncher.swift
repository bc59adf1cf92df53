package import Logging
package import MantaCore
package import MantaTransport

/// Starts workers as processes: of their job's program, or of one of its own.
package struct ProcessLauncher: WorkerLauncher {
    private let program: WorkerProgram?
    private let outputLane: Lane
    private let logger: Logger

    /// `program` is for jobs that do not bring one: `nil`, if there are none. `outputLane` reads what the workers write,
    /// which goes to `logger`.
    package init(program: WorkerProgram?, outputLane: Lane, logger: Logger) {
        self.program = program
        self.outputLane = outputLane
        self.logger = logger
    }

    package func start(
        _ start: WorkerStart,
        lane: Lane,
        onExit: @escaping @Sendable (DeathCause) -> Void
    ) throws -> (worker: any WorkerHandle, control: Int32) {
        guard let program = start.program ?? program else {
            throw ClusterError(
                .invalidArgument,
                "the job of \(start.job) has no program that workers of \(start.launch.node) could be started from"
            )
        }
        let variable = WorkerLaunch.variable
        let (process, control) = try WorkerProcess.start(
            start,
            program.command(variable, try start.launch.encoded(), adding: start.environment),
            lane: lane,
            outputLane: outputLane,
            logger: logger,
            onExit: onExit
        )
        return (process, control)
    }
}
