internal import Distributed
package import MantaCore
internal import MantaRuntime
internal import MantaScheduling
internal import MantaTransport

// What the nodes' stores have. The directory does not know of objects: their owners do.

extension GCS {
    /// How long a listing waits for a node.
    private static let patience = Duration.seconds(1)

    /// The nodes, with what their stores say now.
    package distributed func nodes() async -> [NodeInfo] {
        var nodes = plane.scheduler.nodes()
        let figures = await askRaylets { try await $0.storeFigures() }
        for index in nodes.indices {
            if plane.membership.isSuspect(nodes[index].id) { nodes[index].state = .suspect }
            guard let figures = figures[nodes[index].id] else { continue }
            nodes[index].storeCapacity = figures.capacity
            nodes[index].storeUsed = figures.used
        }
        return nodes
    }

    /// The copies of objects that the nodes have which answer.
    package distributed func objects() async -> [ObjectInfo] {
        await askRaylets { try await $0.objects() }.values.flatMap { $0 }
    }

    /// The largest of these copies, at most so many, and how many there are.
    package distributed func largestObjects(atMost limit: Int) async -> ObjectListing {
        await askRaylets { try await $0.objects(atMost: limit) }.values
            .reduce(ObjectListing()) { $0 + $1 }.largest(atMost: limit)
    }

    /// Those among `processes` of which the directory knows that they have ended.
    package distributed func ended(among processes: Set<ProcessID>) async throws -> [ProcessID] {
        let ended: [ProcessID] = processes.filter { plane.directory.process($0)?.deathCause != nil }
        try await committed()
        return ended
    }

    private func askRaylets<R: Sendable>(
        _ question: @escaping @Sendable (any RayletClient) async throws -> R
    ) async -> [NodeID: R] {
        let (raylets, control) = (raylets, actorSystem.control)
        return await withTaskGroup(of: (NodeID, R?).self) { group in
            for (node, raylet) in raylets where !plane.membership.isSuspect(node) {
                group.addTask(executorPreference: control.tasks) {
                    (node, try? await withCallOptions(timeout: Self.patience) { try await question(raylet) })
                }
            }
            var answers: [NodeID: R] = [:]
            for await (node, answer) in group { answers[node] = answer }
            return answers
        }
    }
}
