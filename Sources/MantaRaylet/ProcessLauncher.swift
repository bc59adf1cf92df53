package import Logging
package import MantaCore
package import MantaTransport

/// Starts workers as processes of the driver's own program.
package struct ProcessLauncher: WorkerLauncher {
    private let program: WorkerProgram
    private let outputLane: Lane
    private let logger: Logger

    /// `outputLane` reads what the workers write, which goes to `logger`.
    package init(program: WorkerProgram, outputLane: Lane, logger: Logger) {
        self.program = program
        self.outputLane = outputLane
        self.logger = logger
    }

    package func start(
        _ launch: WorkerLaunch,
        adding environment: [String: String],
        lane: Lane,
        onExit: @escaping @Sendable (DeathCause) -> Void
    ) throws -> (worker: any WorkerHandle, control: Int32) {
        let (process, control) = try WorkerProcess.start(
            launch.worker,
            program.command(WorkerLaunch.variable, try launch.encoded(), adding: environment),
            lane: lane,
            outputLane: outputLane,
            logger: logger,
            onExit: onExit
        )
        return (process, control)
    }
}
