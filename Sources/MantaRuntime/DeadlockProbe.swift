internal import Distributed
import MantaCore
import MantaTransport
import Synchronization

/// The part of every process that tells others what the calls that it serves wait for.
///
/// A question about a call is itself a call over the same link, so a number of that link names it.
distributed actor DeadlockProbe: ControlActor {
    typealias ActorSystem = ClusterSystem

    private static let number: UInt64 = 3
    /// Calls that wait for calls, at most.
    static let hopLimit = 64

    /// The link over which the question goes that the current task asks.
    @TaskLocal static var link: Connection?

    private init(actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    static func make(in system: ClusterSystem) {
        let id = ActorID.system(number, process: system.process)
        _ = ActorCreation(DeadlockProbe.self, id: id, epoch: 0, label: "deadlock probe").makeNow {
            DeadlockProbe(actorSystem: system)
        }
    }

    /// Whether `id` is of such a part. They are called over links also in their own process.
    static func isProbe(_ id: ActorID) -> Bool { id == .system(number, process: ProcessID(id.scope)) }

    /// What a process knows of a call.
    struct Answer: Sendable, Codable {
        var call: WaitGraph.Key
        var graph: WaitGraph
    }

    /// What the call of this number on the link of this very call waits for; `nil` when it has ended.
    distributed func waits(of number: UInt32, known: Set<ActorID>, hops: Int) async -> Answer? {
        guard let link = CallContext.current?.serving?.connection,
            let call = link.state.withLock({ $0.running[number] })
        else { return nil }
        // One that was sent again waits for the one that runs.
        let served = call.repeatable?.leader ?? call
        var search = WaitSearch(actorSystem, known: known, hops: min(hops, Self.hopLimit))
        await search.look(at: served)
        return Answer(call: served.key, graph: search.graph)
    }

    /// Asks the process at the other end of `link` about the call of this number.
    static func ask(_ link: Connection, _ number: UInt32, known: Set<ActorID>, hops: Int) async -> Answer? {
        // Whoever cannot answer does not make a deadlock.
        try? await $link.withValue(link) {
            let id = ActorID.system(self.number, process: link.peer)
            let probe = try DeadlockProbe.resolve(id: id, using: link.system)
            return try await withCallOptions(timeout: .seconds(1)) {
                try await probe.waits(of: number, known: known, hops: hops)
            }
        }
    }
}
