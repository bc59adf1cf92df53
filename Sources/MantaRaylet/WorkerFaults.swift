package import Distributed
internal import MantaCore
package import MantaRuntime
internal import MantaTransport

/// The part of a worker in a cluster for tests that has its network fail.
package distributed actor WorkerFaults: ControlActor {
    package typealias ActorSystem = ClusterSystem

    private static let number: UInt64 = 4

    private init(actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    /// Makes that part of this process, which is a worker.
    package static func make(in system: ClusterSystem) {
        let id = ActorID.system(number, process: system.process)
        _ = ActorCreation(WorkerFaults.self, id: id, epoch: 0, label: "worker faults").makeNow {
            WorkerFaults(actorSystem: system)
        }
    }

    static func at(_ worker: ProcessID, using system: ClusterSystem) throws -> WorkerFaults {
        try WorkerFaults.resolve(id: .system(number, process: worker), using: system)
    }

    distributed func cut(from hosts: [ProcessID]) async {
        await actorSystem.options.faults?.cut(from: Set(hosts))
    }

    distributed func heal() async { await actorSystem.options.faults?.heal() }
}
