package import MantaCore
package import MantaTransport

/// Starts workers: as processes, or, for tests, in this one.
package protocol WorkerLauncher: Sendable {
    /// Starts a worker.
    ///
    /// - Parameters:
    ///   - start: What is to be started. A launcher within a process has no use for the program.
    ///   - lane: The raylet's; what happens to the worker is noticed there.
    ///   - onExit: Called once, when it has ended.
    /// - Returns: The worker, and this end of its control socket.
    /// - Throws: ``ClusterError`` when there is no program, or the system has no process or descriptor left.
    func start(
        _ start: WorkerStart,
        lane: Lane,
        onExit: @escaping @Sendable (DeathCause) -> Void
    ) throws -> (worker: any WorkerHandle, control: Int32)
}
