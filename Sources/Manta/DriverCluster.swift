internal import MantaRuntime

/// A driver's part in a cluster, whether it hosts the cluster or has joined one.
protocol DriverCluster: Sendable {
    var system: ClusterSystem { get }
    /// Ends this process's part, and all that it has started; returns when that is done, however often it is called.
    func stop() async
    /// The process is about to exit: cleans up without waiting for anything.
    func abandon()
}
