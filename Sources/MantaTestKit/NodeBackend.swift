internal import MantaCore

/// What a node of a test cluster is made of.
protocol NodeBackend: Sendable {
    /// Waits until the raylet has joined the cluster, which `isMember` tells.
    ///
    /// - Throws: When that comes to nothing.
    func join(isMember: @escaping @Sendable () async throws -> Bool) async throws
    /// Nothing of the node runs any more.
    var hasEnded: Bool { get }
    func kill() async
    func pause() async
    func resume() async
    func killWorker(_ worker: ProcessID, _ operatingSystemID: Int32)
    /// Ends the node in order, whatever has become of it; returns when nothing of it is left.
    func stop() async
}
