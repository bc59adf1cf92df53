internal import MantaCore
internal import MantaRuntime

extension ClusterSystem {
    /// Runs `body` as the driver, then shuts down.
    ///
    /// In a worker process it never calls `body`: it serves actors until the cluster ends, then exits. Code
    /// before it runs in workers too. When the process is connected already, `body` gets the running system,
    /// which is left running.
    ///
    /// - Throws: What `body` throws, after shutting down; ``ClusterError`` if the cluster cannot start.
    public static func run<R: Sendable>(
        _ configuration: ClusterConfiguration = .default,
        _ body: @escaping @Sendable (ClusterSystem) async throws -> R
    ) async throws -> R {
        let (system, isFirst) = try await Driver.connect(configuration)
        let result: Result<R, any Error>
        do { result = .success(try await body(system)) } catch { result = .failure(error) }
        await ProcessEnd.stayIfEnding()
        if isFirst { await system.shutdown() }
        return try result.get()
    }

    /// Connects without a scope. Idempotent and safe to race: when already connected, returns the running
    /// system.
    ///
    /// SIGINT, SIGTERM and `exit` shut down cleanly. In a worker process it never returns.
    public static func connect(_ configuration: ClusterConfiguration = .default) async throws -> ClusterSystem
    {
        try await Driver.connect(configuration).system
    }

    /// Ends the cluster's workers and this process's part in it; calls that are under way end with
    /// `notConnected`. Idempotent.
    public func shutdown() async {
        await (attached(as: ClusterMember.self)?.parts as? any DriverCluster)?.stop()
        Driver.disconnected(self)
    }

    /// By what other programs on this machine join the cluster that this one hosts: as their `MANTA_ADDRESS`, or in
    /// ``ClusterConfiguration/address``. `nil` in any other process.
    public var address: String? {
        (attached(as: ClusterMember.self)?.parts as? EmbeddedCluster)?.address.text
    }
}
