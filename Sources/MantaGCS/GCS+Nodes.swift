internal import Distributed
internal import Logging
package import MantaCore
internal import MantaRuntime
import MantaTransport

// Raylets in other processes: whether they are there.

extension GCS {
    /// How long a raylet may take to answer a probe.
    private static let probeTimeout = Duration.seconds(1)
    /// Between probes that came to nothing.
    private static let probePause = Duration.milliseconds(50)

    package distributed func nodeJoined(_ node: NodeRegistration) async throws -> NodeAdmission {
        // The dead do not tell when they are.
        raylets = raylets.filter { plane.membership.isMember($0.key) }
        actorSystem.learn(ProcessID(node.raylet.scope), at: node.endpoint)
        raylets[node.id] = try makeClient(node.raylet)
        let admission = step { $0.nodeJoined(node, now: Lane.now) }
        switch admission {
        case .accepted: watch(node)
        case .fenced: raylets[node.id] = nil
        }
        try await committed()
        return admission
    }

    /// A node has ended its workers and leaves: nobody has to find that out.
    package distributed func nodeLeft(_ node: NodeID) async throws {
        try await stepDurably { $0.nodeLeft(node, now: Lane.now) }
    }

    /// Keeps a link to the raylet that tells of its end. A process that hosts several raylets is the GCS's own, which needs
    /// none.
    private func watch(_ node: NodeRegistration) {
        let process = ProcessID(node.raylet.scope)
        let id = node.id
        guard process != actorSystem.process else { return }
        actorSystem.watch(process, heartbeat: heartbeat) { [callbacks] failure in
            callbacks.perform { $0.linkLost(id, "\(failure)") }
        }
        // A task of its own, because the raylet waits for the answer to its registration.
        _ = Task(executorPreference: actorSystem.control.tasks) { await self.openLink(to: process, of: id) }
    }

    private func openLink(to process: ProcessID, of node: NodeID) async {
        do { try await actorSystem.openControlLink(to: process) } catch { linkLost(node, "\(error)") }
    }

    private func linkLost(_ node: NodeID, _ reason: String) {
        if plane.membership.isMember(node), !plane.membership.isSuspect(node) {
            actorSystem.logger.info(
                "the link to a node was lost: it is looked for",
                metadata: ["node": "\(node)", "reason": "\(reason)"]
            )
        }
        step { $0.linkLost(node, now: Lane.now) }
    }

    func probe(_ node: NodeID) {
        guard let raylet = raylets[node] else { return }
        if asksWitnesses { askWitnesses(of: node) }
        // A task of its own, because a link's end is what asks for it. It ends when the node is suspect no more.
        _ = Task(executorPreference: actorSystem.control.tasks) {
            await CallContext.$current.withValue(nil) { await self.probe(raylet, on: node) }
        }
    }

    /// Whether a raylet can be reached now.
    func answers(_ raylet: any RayletClient) async -> Bool {
        do {
            try await ask(raylet)
            return true
        } catch {
            return false
        }
    }

    private func ask(_ raylet: any RayletClient) async throws {
        try await withCallOptions(timeout: Self.probeTimeout) { try await raylet.probe() }
    }

    /// Asks a suspect raylet whether it is there, until it has registered again, is certainly gone, or its time of grace is
    /// over. One that has answered may be gone the next moment.
    private func probe(_ raylet: any RayletClient, on node: NodeID) async {
        var refusalCount = 0
        while plane.membership.isSuspect(node), endError == nil {
            do {
                try await ask(raylet)
                refusalCount = 0
                // It has yet to register again, which may take a busy machine long.
                step { $0.spare(node, now: Lane.now) }
            } catch {
                // The word of the node's machine that nobody is there. All else, such as a way that this machine does not
                // find, says nothing of the node: that it is silent tells in time.
                let isRefusal = (error as? ClusterError)?.isRefusal == true
                refusalCount = isRefusal ? refusalCount + 1 : 0
                if refusalCount == 2 {
                    let opinion = asksWitnesses ? await opinion(of: node) : .absent
                    if case .reached = opinion {
                        refusalCount = 0
                    } else {
                        actorSystem.logger.info(
                            "nobody is there where a node was",
                            metadata: ["node": "\(node)", "error": "\(error)"]
                        )
                        return step { $0.probeFailed(node, now: Lane.now) }
                    }
                }
            }
            try? await Task.sleep(for: Self.probePause)
        }
    }
}
