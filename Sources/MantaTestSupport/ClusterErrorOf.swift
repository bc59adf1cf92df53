package import MantaCore

/// The error of the cluster that `body` throws; `nil` when it throws none, or another one.
package func clusterError(
    isolation: isolated (any Actor)? = #isolation,
    of body: () async throws -> Void
) async -> ClusterError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ClusterError
    }
}
