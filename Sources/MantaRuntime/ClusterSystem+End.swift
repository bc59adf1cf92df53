internal import Distributed
package import MantaCore
internal import MantaTransport

/// Ending an actor that lives here, at once or in order.
extension ClusterSystem {
    /// Ends the calls of an actor that was taken out of `hosted`: their callers learn it now, their tasks are
    /// cancelled.
    package func endCalls(on actor: HostedActor, _ error: ClusterError) {
        // A call that found the actor just before it was taken out.
        actor.close(notHere(actor.id))
        cutOff(servedCalls(on: actor), error)
    }

    /// Takes no more calls for an actor and waits for those that have arrived, also those that wait for their
    /// turn, to end. The actor stays.
    ///
    /// - Parameters:
    ///   - id: An actor of this process; one that is not here has no calls.
    ///   - limit: How long to wait. What runs then is cancelled and fails, and may have run; what waits for its
    ///     turn fails and has not.
    ///   - cause: What calls that come meanwhile, or that are cut off, say of the actor's death.
    /// - Returns: Whether all have ended in time.
    package func drain(_ id: ActorID, within limit: Duration, _ cause: DeathCause) async -> Bool {
        guard let actor = hosted.actor(id) else { return true }
        // One that moves is to be looked for, where the directory says that it restarts.
        let isMoving = if case .drained = cause { true } else { false }
        actor.close(isMoving ? notHere(id) : actor.died(of: cause, .notExecuted))
        let calls = servedCalls(on: actor)
        let end = Countdown(calls.count)
        for call in calls { call.whenEnded { end.countDown() } }
        if await end.wait(within: limit, on: control) { return true }
        cutOff(servedCalls(on: actor), actor.died(of: cause, .mayHaveExecuted))
        return false
    }

    /// Runs an actor's `willStop` where the actor lives, and cancels it after `limit`; it may go on, but nobody
    /// waits for it.
    package func runWillStop(_ id: ActorID, within limit: Duration) async {
        guard let hosted = hosted.actor(id), case .lane(let lane) = hosted.place,
            let actor = hosted.actor as? any Spawnable
        else { return }
        let end = Countdown(1)
        // Detached: it is the actor's own, and has nothing of the call that ends it.
        let task = Task.detached(executorPreference: lane.tasks) {
            await Self.willStop(actor)
            end.countDown()
        }
        if await !end.wait(within: limit, on: control) { task.cancel() }
    }

    private static func willStop(_ actor: some Spawnable) async {
        await actor.whenLocal { actor in await actor.willStop() }
    }

    private func cutOff(_ calls: [ServedCall], _ error: ClusterError) {
        // First those in line: the end of one that runs would give its turn to them.
        let running = calls.filter { !$0.killInLine(error) }
        for call in running { call.kill(error) }
    }

    private func servedCalls(on actor: HostedActor) -> [ServedCall] {
        peers.all.flatMap { $0.servedCalls(on: actor) } + actor.orphanedCalls
    }
}

extension HostedActor {
    /// What those are told whose calls its end refuses or cuts off.
    package func died(of cause: DeathCause, _ outcome: ClusterError.Outcome) -> ClusterError {
        ClusterError(.actorDied(cause), "\(label) (\(id)) is dead: \(cause)", outcome: outcome)
    }
}
