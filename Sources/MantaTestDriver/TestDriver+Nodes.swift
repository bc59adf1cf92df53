import Glibc
import Manta
import MantaTestKit

/// Tells of the processes of its node.
distributed actor Resident: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }
    /// Of the worker and its raylet.
    distributed func processes() -> [Int32] { [getpid(), getppid()] }
}

extension TestDriver {
    /// Hosts a cluster of which the nodes are processes, says `ready` and theirs, and waits to be killed. One node is paused.
    static func hostNodes() async throws {
        try await withTestCluster(nodes: 2, .processes) { test in
            var processes: [Int32] = []
            for node in test.nodes {
                let options = ActorOptions(placement: .node(node.id))
                processes += try await test.cluster.spawn(Resident.self, options: options).processes()
            }
            try await test.nodes[1].pause()
            say((["ready"] + processes.map { "\($0)" }).joined(separator: " "))
            try await Task.sleep(for: .seconds(600))
        }
    }
}
