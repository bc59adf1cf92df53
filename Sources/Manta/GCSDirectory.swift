internal import MantaCore
internal import MantaGCS
internal import MantaRuntime
internal import MantaTransport

/// The directory, for a process that has the GCS in it or a link to it.
struct GCSDirectory: DirectoryClient {
    let gcs: GCS
    let lane: Lane

    func fate(of actor: ActorID) async throws -> ActorFate {
        try await withTaskExecutorPreference(lane.tasks) {
            try await GCSPatience(gcs.actorSystem).ask { try await gcs.fate(of: actor) }
        }
    }

    func fate(of actor: ActorID, afterLosing process: ProcessID) async throws -> ActorFate {
        try await withTaskExecutorPreference(lane.tasks) {
            // A call has failed, and its caller wants to know why: without a head it is not to wait for one.
            try await GCSPatience(gcs.actorSystem).ask(for: .seconds(1)) {
                try await gcs.fate(of: actor, afterLosing: process)
            }
        }
    }
}
