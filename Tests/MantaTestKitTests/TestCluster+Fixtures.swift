import Distributed
import MantaCore
import MantaGCS
import MantaRuntime
import MantaTestKit
import MantaTransport
import Testing

extension TestCluster {
    /// A tally on the node with this number, which goes elsewhere when that is gone.
    func spawnTally(
        on number: Int,
        name: String? = nil,
        start: Int = 0,
        restarts: RestartPolicy = .upTo(3, within: .seconds(60))
    ) async throws -> Tally {
        let options = ActorOptions(
            name: name,
            restarts: restarts,
            placement: .node(nodes[number].id, soft: true)
        )
        return try await cluster.spawn(Tally.self, .init(start: start), options: options)
    }

    /// What the directory says of an actor.
    func info(of tally: Tally) async throws -> ActorInfo? {
        try await cluster.actors().first { $0.id == tally.id }
    }

    /// Whether the GCS has lost the link to a node, and waits for it to come back.
    func isSuspect(_ number: Int) async -> Bool {
        let id = nodes[number].id
        return await head.gcs.whenLocal { $0.plane.membership.isSuspect(id) } ?? false
    }

    func isMember(_ number: Int) async throws -> Bool {
        try await cluster.nodes().contains { $0.id == nodes[number].id }
    }

    /// Waits until an actor answers in its second incarnation, on another node than the one with this number.
    func waitForRestart(of tally: Tally, awayFrom number: Int) async throws {
        try await eventually(within: .seconds(30)) {
            _ = try await tally.add(0)
            return try await info(of: tally)?.epoch == 2
        }
        #expect(try await node(of: tally).id != nodes[number].id)
    }
}
