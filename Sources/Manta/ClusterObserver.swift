internal import Logging
package import MantaCore
package import MantaGCS
internal import MantaRuntime
internal import MantaTransport

/// A process that looks at a cluster and is no part of it: no driver, no job, nothing to clean up behind it.
///
/// It calls the GCS over a link of its own, from the folder of a session on this machine.
package final class ClusterObserver: Sendable {
    /// Where the cluster was found.
    package let address: ClusterAddress
    private let system: ClusterSystem
    private let gcs: GCS
    private let timeout: Duration

    /// Begins to look; whether the cluster answers, the first question tells.
    ///
    /// - Parameters:
    ///   - address: By which session of this machine.
    ///   - timeout: How long an answer may take.
    /// - Throws: ``ClusterError`` when the cluster's secret cannot be read.
    package init(_ address: ClusterAddress, timeout: Duration) throws {
        var configuration = ClusterConfiguration()
        configuration.lanes = 1
        // What goes wrong is told by what the questions throw.
        configuration.logLevel = .critical
        self.address = address
        self.timeout = timeout
        system = ClusterSystem(
            process: .newHost(),
            options: try address.runtimeOptions(configuration),
            logger: configuration.makeLogger()
        )
        gcs = try GCS.at(address.card.gcs, using: system)
        system.setDirectory(GCSDirectory(gcs: gcs, lane: system.control))
    }

    package func close() async { await system.stop() }

    // MARK: Questions

    package func status() async throws -> ClusterStatus { try await ask { try await $0.status() } }
    package func nodes() async throws -> [NodeInfo] { try await ask { try await $0.nodes() } }
    package func actors() async throws -> [ActorInfo] { try await ask { try await $0.actors() } }
    package func jobs() async throws -> [JobInfo] { try await ask { try await $0.jobs() } }
    /// The largest copies of objects.
    package func objects(atMost limit: Int) async throws -> ObjectListing {
        try await ask { try await $0.largestObjects(atMost: limit) }
    }

    /// Takes a node out of service: see `GCS.drain`.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - limit: How long calls in progress may take.
    /// - Throws: ``ClusterError``: `invalidArgument` when it is no member, `nodeDied`.
    package func drain(_ node: NodeID, within limit: Duration) async throws {
        try await withTaskExecutorPreference(system.control.tasks) {
            // As the calls of a stop: the actors' own limits end them earlier.
            try await withCallOptions(timeout: limit + .seconds(60)) {
                try await gcs.drain(node, within: limit)
            }
        }
    }

    package func logFiles(of node: NodeID) async throws -> [LogFileInfo] {
        try await ask { try await $0.logFiles(of: node) }
    }
    package func log(of node: NodeID, _ name: String, after position: LogPosition?) async throws -> LogPiece {
        try await ask { try await $0.log(of: node, name, after: position) }
    }
    package func logTail(of node: NodeID, _ name: String, lineCount: Int) async throws -> LogPosition {
        try await ask { try await $0.logTail(of: node, name, lineCount: lineCount) }
    }

    private func ask<R: Sendable>(_ question: @escaping @Sendable (GCS) async throws -> R) async throws -> R {
        do {
            return try await withTaskExecutorPreference(system.control.tasks) {
                try await withCallOptions(timeout: timeout) { try await question(gcs) }
            }
        } catch let error as ClusterError where error.code == .notConnected || error.code == .timedOut {
            throw ClusterError(
                .notConnected,
                "the head\(headText) does not answer: \(error.message)",
                hint: "see whether it runs, and its log; what runs on the nodes goes on meanwhile"
            )
        }
    }

    private var headText: String {
        let heads = address.card.node?.network.heads ?? []
        return heads.isEmpty
            ? " of \(address.directory)" : " at \(heads.map(\.description).joined(separator: " or "))"
    }
}
