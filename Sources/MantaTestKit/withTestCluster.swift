public import Logging
internal import Manta
public import MantaCore
internal import MantaGCS

/// Runs `body` with a cluster of its own, of which nodes can be killed, paused and cut off from each other.
///
/// The same body runs with both kinds of nodes. Clusters are independent of each other, so tests may run at the same time.
///
/// ```swift
/// @Test(arguments: TestCluster.Kind.allCases)
/// func survivesItsNode(kind: TestCluster.Kind) async throws {
///     try await withTestCluster(nodes: 2, kind) { test in
///         let options = ActorOptions(restarts: .upTo(3, within: .seconds(60)))
///         let counter = try await test.cluster.spawn(Counter.self, .init(start: 0), options: options)
///         try await test.node(of: counter).kill()
///         try await test.eventually { try await counter.increment(by: 1) == 1 }
///     }
/// }
/// ```
///
/// With ``TestCluster/Kind/processes``, nodes and workers are this program started again. Test bundles become nodes before
/// any test runs; in another program, code before this call runs in them too.
///
/// - Parameters:
///   - nodes: How many nodes, at least one.
///   - kind: What they are.
///   - resources: What each node offers.
///   - silence: How long a node may be silent before its links are given up, as when it is paused or cut off.
///   - grace: How long it then has to come back before it is declared dead. A killed node is known to be dead at once.
///   - logLevel: How chatty the cluster is on standard error. The output of workers is logged at `info`.
///   - isolation: Where `body` runs.
///   - body: The test.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws, after all nodes have been shut down; ``ClusterError`` when the cluster does not start.
public func withTestCluster<R>(
    nodes: Int = 1,
    _ kind: TestCluster.Kind = .inProcess,
    resources: Resources = [.cpu: 4],
    silence: Duration = .seconds(3),
    grace: Duration = .seconds(3),
    logLevel: Logger.Level = .error,
    isolation: isolated (any Actor)? = #isolation,
    _ body: (TestCluster) async throws -> R
) async throws -> R {
    let test = try await TestCluster.start(
        kind,
        nodeCount: nodes,
        resources: resources,
        liveness: NodeLiveness(silence: silence, grace: grace),
        logLevel: logLevel
    )
    let outcome: Result<R, any Error>
    do { outcome = .success(try await body(test)) } catch { outcome = .failure(error) }
    // Detached: the end of a cluster is not cut short by the cancellation of its test.
    await Task.detached { await test.stop() }.value
    return try outcome.get()
}
