import MantaCore
import MantaTestSupport
import Testing

/// The error of the cluster that `body` throws; another one, or none, fails the test.
func failure<R>(_ body: () async throws -> R) async throws -> ClusterError {
    try #require(await clusterError { _ = try await body() })
}
