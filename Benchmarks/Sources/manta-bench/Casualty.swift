import CFloor
import Manta

/// An actor that is restarted anywhere when its process is lost, and what the driver sees of that.
struct Casualty: Sendable {
    /// How many nanoseconds after the blow what was seen.
    struct Times {
        /// A call that was under way has failed.
        var callFailed: UInt64 = 0
        /// The actor's lifecycle says that it is being restarted.
        var isKnown: UInt64 = 0
        /// A call has been answered by its next incarnation.
        var answers: UInt64 = 0
    }

    private enum Sight { case callFailed, answers }

    private let cluster: ClusterSystem
    private let actor: Callee
    /// Its worker.
    let process: Int32

    /// Spawns it in a worker of its own.
    init(_ cluster: ClusterSystem, on node: NodeID) async throws {
        self.cluster = cluster
        let options = ActorOptions(isolation: .process, restarts: .always, placement: .node(node, soft: true))
        actor = try await cluster.spawn(Callee.self, options: options)
        process = try await actor.process()
    }

    /// Delivers the blow, looks on until the actor is back, and ends it.
    func suffer(_ blow: @escaping @Sendable () throws -> Void) async throws -> Times {
        var events = cluster.lifecycle(of: actor).makeAsyncIterator()
        // With the first event the watch stands.
        _ = await events.next()
        let times = try await withThrowingTaskGroup(of: (Sight, UInt64).self) { group in
            group.addTask { (.callFailed, await failureOfCall()) }
            while try await actor.heldCount == 0 {}
            let before = cfloor_now()
            try blow()
            group.addTask { (.answers, await answerOfNext()) }
            while let event = await events.next() { if event == .restarting { break } }
            var times = Times()
            times.isKnown = cfloor_now() - before
            for try await (sight, moment) in group {
                switch sight {
                case .callFailed: times.callFailed = moment - before
                case .answers: times.answers = moment - before
                }
            }
            return times
        }
        try await cluster.kill(actor)
        return times
    }

    /// When a call ended that was under way.
    private func failureOfCall() async -> UInt64 {
        try? await actor.hold()
        return cfloor_now()
    }

    private func answerOfNext() async -> UInt64 {
        while (try? await actor.process()) ?? process == process {}
        return cfloor_now()
    }
}
