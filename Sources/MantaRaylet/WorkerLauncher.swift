package import MantaCore
package import MantaTransport

/// Starts workers: as processes, or, for tests, in this one.
package protocol WorkerLauncher: Sendable {
    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - launch: What it is told.
    ///   - environment: Variables of its own.
    ///   - lane: The raylet's; what happens to the worker is noticed there.
    ///   - onExit: Called once, when it has ended.
    /// - Returns: The worker, and this end of its control socket.
    /// - Throws: ``ClusterError`` when the system has no process or descriptor left.
    func start(
        _ launch: WorkerLaunch,
        adding environment: [String: String],
        lane: Lane,
        onExit: @escaping @Sendable (DeathCause) -> Void
    ) throws -> (worker: any WorkerHandle, control: Int32)
}
