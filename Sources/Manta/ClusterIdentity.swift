package import MantaCore
package import MantaTransport

/// What a cluster is, over all restarts of its head.
package struct ClusterIdentity: Hashable, Sendable, Codable {
    /// A number for the cluster; processes of different ones refuse each other.
    package var cluster: UInt64
    /// The process that hosts the GCS.
    package var gcs: ProcessID

    package init(cluster: UInt64, gcs: ProcessID) {
        self.cluster = cluster
        self.gcs = gcs
    }

    /// How long a head is waited for that starts at the same time.
    private static let patience = Duration.seconds(30)

    /// Asks the head, at the first of these addresses that answers, again and again while none does.
    ///
    /// - Throws: ``ClusterError``: `notConnected` after half a minute, `unauthenticated` or `incompatible` at once.
    package static func ask(
        _ heads: [NodeAddress],
        security: SecurityFiles,
        on lane: Lane
    ) async throws -> ClusterIdentity {
        let probe = try Network(
            NetworkLaunch(
                address: NodeAddress(host: "", port: 0),
                heads: heads,
                gcs: ProcessID(0),
                security: security
            )
        )
        let end = Lane.now + patience
        while true {
            var failure: ClusterError?
            for head in heads {
                do {
                    let socket = try await connect(
                        to: head,
                        on: lane,
                        greeting: Greeting(
                            lane: Greeting.controlLane,
                            cluster: 0,
                            process: .newHost(),
                            target: ProcessID(0),
                            buildID: []
                        ),
                        tls: probe.tls,
                        host: head.host
                    )
                    defer { socket.discard() }
                    return ClusterIdentity(cluster: socket.peer.cluster, gcs: socket.peer.process)
                } catch {
                    failure = error
                    guard error.code == .notConnected else { throw error }
                }
            }
            guard Lane.now < end else {
                throw ClusterError(
                    .notConnected,
                    "no head answers at \(heads.map(\.description).joined(separator: ", ")): \(failure?.message ?? "")",
                    hint: "start it with manta start --head, and check the address and the firewall"
                )
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
