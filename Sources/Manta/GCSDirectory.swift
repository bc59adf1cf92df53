internal import MantaCore
internal import MantaGCS
internal import MantaRuntime
internal import MantaTransport

/// The directory, for a process that has the GCS in it or a link to it.
struct GCSDirectory: DirectoryClient {
    let gcs: GCS
    let lane: Lane
    private static let limit = Duration.seconds(2)

    func fate(of actor: ActorID) async throws -> ActorFate {
        try await withTaskExecutorPreference(lane.tasks) {
            try await GCSPatience(gcs.actorSystem).ask { try await gcs.fate(of: actor) }
        }
    }

    /// A call has failed, and its caller wants to know why: without a head, or with one that is silent, it is not to wait for one.
    func fate(of actor: ActorID, afterLosing process: ProcessID) async throws -> ActorFate {
        try await withTaskExecutorPreference(lane.tasks) {
            do {
                return try await withCallOptions(timeout: Self.limit) {
                    try await GCSPatience(gcs.actorSystem).ask(for: Self.limit / 2) {
                        try await gcs.fate(of: actor, afterLosing: process)
                    }
                }
            } catch let error as ClusterError where error.code == .timedOut {
                throw ClusterError(
                    .notConnected,
                    "the head did not say within \(Self.limit) what became of \(actor)",
                    outcome: .notExecuted
                )
            }
        }
    }
}
