package import MantaCore
import MantaTransport
import MantaWire

/// What went wrong with a call.
extension ClusterSystem {
    /// After a peer said that an actor is not there: why not; `nil` if it is worth looking for it again. Waits
    /// while the actor is being restarted.
    func cause(of id: ActorID, _ method: CalledMethod, _ deadline: Moment) async throws -> ClusterError? {
        let note = FateNote()
        do {
            let fate = try await withDeadline(deadline) {
                guard let directory = self.currentDirectory() else { throw self.notConnected() }
                return try await note.decidedFate(of: id, in: directory)
            }
            return error(for: fate, id, outcome: .notExecuted)
        } catch is DeadlinePassed {
            return timedOut(method, id, wasSent: false, note.reason)
        }
    }

    /// The error of a call whose link was lost, with the cause if the directory knows it in time, and what the
    /// directory says.
    func lost(_ call: PendingCall, _ failure: LinkFailure, wasSent: Bool) async -> (ClusterError, ActorFate?)
    {
        let outcome: ClusterError.Outcome = wasSent ? .mayHaveExecuted : .notExecuted
        let (id, process) = (call.route.actor, call.route.location.process)
        if case .closedHere(let why) = failure {
            return (ClusterError(.notConnected, why, outcome: outcome), nil)
        }
        if case .system = id.kind {
            return (ClusterError(.notConnected, "\(process): \(failure)", outcome: outcome), nil)
        }
        let fate = try? await withDeadline(call.deadline) {
            try await self.currentDirectory()?.fate(of: id, afterLosing: process)
        }
        if let fate, let error = error(for: fate, id, outcome: outcome) { return (error, fate) }
        let error = ClusterError(
            .notConnected,
            "the link to \(id) in \(process) was lost during \(call.method.readableName): \(failure)",
            outcome: outcome
        )
        return (error, fate)
    }

    /// Why an actor with this fate cannot be called; `nil` when it lives. One that is dead for good is forgotten.
    func error(for fate: ActorFate, _ id: ActorID, outcome: ClusterError.Outcome) -> ClusterError? {
        switch fate {
        case .alive: return nil
        case .dead(let cause):
            forget(id)
            return ClusterError(.actorDied(cause), "\(id) is dead: \(cause)", outcome: outcome)
        case .unknown:
            forget(id)
            return ClusterError(
                .noSuchActor,
                "the directory has no \(id)",
                hint: "it was never spawned in this cluster, or died so long ago that it is forgotten",
                outcome: outcome
            )
        case .pending: return ClusterError(.notConnected, "\(id) has no place yet", outcome: outcome)
        case .restarting(let cause):
            return ClusterError(
                .workerDied(cause),
                "the worker of \(id) ended, and the actor is being restarted: \(cause)",
                hint: "withCallOptions(retries:) sends calls again",
                outcome: outcome
            )
        }
    }

    func thrown(_ body: FrameBuffer, by actor: ActorID) -> any Error {
        var reader = ByteReader(body.bytes)
        do {
            let failure = try withExtendedLifetime(body) {
                try CBOR.decode(RemoteFailure.self, from: &reader)
            }
            let error = failure.error(in: self)
            // What the control plane says is of the program's own request.
            if case .system = actor.kind { return error }
            // The outcome of a call that the method made is not the method's: that ran.
            guard var nested = error as? ClusterError, nested.outcome != nil else { return error }
            nested.outcome = .executed
            return nested
        } catch {
            return ClusterError(
                .undecodable,
                "the error that the method threw cannot be read: \(error)",
                outcome: .executed
            )
        }
    }

    func refused(_ body: FrameBuffer, _ method: CalledMethod) -> ClusterError {
        var reader = ByteReader(body.bytes)
        do {
            return try withExtendedLifetime(body) { try CBOR.decode(ClusterError.self, from: &reader) }
        } catch {
            return ClusterError(
                .undecodable,
                "the error for \(method.readableName) cannot be read: \(error)",
                outcome: .mayHaveExecuted
            )
        }
    }

    func timedOut(_ method: CalledMethod, _ id: ActorID, wasSent: Bool, _ reason: String = "") -> ClusterError
    {
        ClusterError(
            .timedOut,
            "\(method.readableName) of \(id) did not end by its deadline\(reason)",
            hint: "withCallOptions(timeout:) gives calls more time",
            outcome: wasSent ? .mayHaveExecuted : .notExecuted
        )
    }

    func tooManyCalls(_ route: Route) -> ClusterError {
        ClusterError(
            .overloaded,
            "too many calls to \(route.connection.peer) wait for their replies",
            hint: "wait for replies before calling again",
            outcome: .notExecuted
        )
    }

    package func notConnected() -> ClusterError {
        ClusterError(
            .notConnected,
            "the system of \(process) is shut down",
            hint: "call actors within ClusterSystem.run, or before shutdown()",
            outcome: .notExecuted
        )
    }
}
