public import Distributed
public import MantaCore
internal import MantaTransport
internal import MantaWire

extension ClusterSystem {
    public func makeInvocationEncoder() -> CallEncoder { CallEncoder(userInfo: codingUserInfo) }

    public func remoteCall<Act, Err, Res>(
        on actor: Act,
        target: RemoteCallTarget,
        invocation: inout CallEncoder,
        throwing: Err.Type,
        returning: Res.Type
    ) async throws -> Res
    where Act: DistributedActor, Act.ID == ActorID, Err: Error, Res: Codable & Sendable {
        let method = CalledMethod.named(target.identifier)
        let reply = try await call(actor.id, Act.self, method, invocation)
        var reader = ByteReader(reply.bytes)
        do {
            return try withExtendedLifetime(reply) {
                try CBOR.decode(Res.self, from: &reader, userInfo: codingUserInfo)
            }
        } catch {
            throw ClusterError(
                .undecodable,
                "the result of \(method.readableName) is no \(Res.self) for \(process): \(error)",
                outcome: .executed
            )
        }
    }

    public func remoteCallVoid<Act, Err>(
        on actor: Act,
        target: RemoteCallTarget,
        invocation: inout CallEncoder,
        throwing: Err.Type
    ) async throws where Act: DistributedActor, Act.ID == ActorID, Err: Error {
        _ = try await call(actor.id, Act.self, CalledMethod.named(target.identifier), invocation)
    }

    /// How often a call that found its actor gone looks for it again.
    private static let attemptLimit = 3

    /// Carries a call to its actor, wherever that is, and returns the body of its reply.
    ///
    /// Inlined, because every asynchronous function on the way of a call costs a look at the task's executor.
    @inline(__always)
    private func call(
        _ id: ActorID,
        _ type: any Any.Type,
        _ method: CalledMethod,
        _ invocation: CallEncoder
    ) async throws -> FrameBuffer {
        let substitutions = invocation.substitutions
        try method.check(on: type, substitutions: substitutions)
        try checkSize(invocation.writer, method)
        let deadline = CallContext.deadline(from: Lane.now)
        var attempt = 1
        while true {
            let route: Route
            if let known = self.route(id) {
                route = known
            } else {
                route = try await findRoute(id, method, invocation, deadline)
            }
            let call = PendingCall(
                route: route,
                method: method,
                deadline: deadline,
                frame: invocation.writer,
                substitutionCount: substitutions.count
            )
            switch await route.connection.perform(call) {
            case .reply(.value, let body): return body
            case .reply(.thrown, let body): throw thrown(body)
            case .reply(.failed, let body):
                let error = refused(body, method)
                guard error.code == .noSuchActor else { throw error }
                // The actor has died or moved: the directory knows.
                drop(route)
                try await explain(id, error, method, deadline, mayRetry: attempt < Self.attemptLimit)
                attempt += 1
            case .timedOut(let wasSent): throw timedOut(method, id, wasSent: wasSent)
            case .cancelled: throw CancellationError()
            case .linkClosed(let failure, let wasSent):
                drop(route)
                throw await lost(id, route, failure, method, wasSent: wasSent, deadline)
            case .tooManyCalls:
                throw ClusterError(
                    .overloaded,
                    "too many calls to \(route.connection.peer) wait for their replies",
                    hint: "wait for replies before calling again",
                    outcome: .notExecuted
                )
            }
        }
    }

    private func checkSize(_ writer: ByteWriter, _ method: CalledMethod) throws(ClusterError) {
        let limit = options.linkLimits.frameByteCount
        guard writer.count > limit else { return }
        throw ClusterError(
            .invalidArgument,
            "the arguments of \(method.readableName) take \(writer.count) bytes, more than a frame's \(limit)",
            hint: "send them in parts",
            outcome: .notExecuted
        )
    }

    // MARK: Finding the actor

    private func findRoute(
        _ id: ActorID,
        _ method: CalledMethod,
        _ invocation: CallEncoder,
        _ deadline: Moment
    ) async throws -> Route {
        if DispatchSelfTest.isRecorder(id),
            let call = DispatchSelfTest.RecordedCall(method.identifier, invocation)
        {
            throw call
        }
        let learned = takeLearned(id)
        if let learned, let connection = peers.connected(to: learned.process, lane: learned.lane) {
            return keep(Route(actor: id, location: learned, connection: connection))
        }
        do {
            return try await withDeadline(deadline) { try await self.makeRoute(id, learned) }
        } catch is DeadlinePassed {
            throw timedOut(method, id, wasSent: false)
        }
    }

    private func makeRoute(_ id: ActorID, _ learned: ActorLocation?) async throws -> Route {
        let location: ActorLocation
        if let learned { location = learned } else { location = try await locate(id) }
        let connection: Connection
        do {
            connection = try await peers.connection(to: location.process, lane: location.lane) {
                try await self.connect(to: location)
            }
        } catch let error as ClusterError where error.code == .notConnected {
            // Nobody answers there: the process may have just died.
            try await explain(id, error, afterLosing: location.process)
            throw error
        }
        return keep(Route(actor: id, location: location, connection: connection))
    }

    private func locate(_ id: ActorID) async throws -> ActorLocation {
        if case .system = id.kind {
            let process = ProcessID(id.scope)
            return ActorLocation(
                process: process,
                endpoint: options.endpoint(of: process),
                lane: Greeting.controlLane,
                epoch: 0,
                maxPendingCalls: .max
            )
        }
        guard let directory = currentDirectory() else { throw notConnected() }
        let fate = try await directory.fate(of: id)
        if case .alive(let location) = fate { return location }
        throw error(for: fate, id, outcome: .notExecuted) ?? notConnected()
    }

    private func connect(to location: ActorLocation) async throws -> Connection {
        let lane = lane(at: location.lane)
        let socket = try await MantaTransport.connect(
            to: location.endpoint,
            on: lane,
            greeting: greeting(to: location.process, lane: location.lane)
        )
        return try await withCheckedThrowingContinuation { continuation in
            let isServed = lane.execute {
                continuation.resume(returning: Connection(socket, system: self, lane: lane))
            }
            guard !isServed else { return }
            socket.discard()
            continuation.resume(throwing: notConnected())
        }
    }

    // MARK: What went wrong

    /// After a peer said that an actor is not there: throws why, or returns if it is worth looking for it
    /// again.
    private func explain(
        _ id: ActorID,
        _ error: ClusterError,
        _ method: CalledMethod,
        _ deadline: Moment,
        mayRetry: Bool
    ) async throws {
        do {
            try await withDeadline(deadline) {
                guard let directory = self.currentDirectory() else { throw self.notConnected() }
                let fate = try await directory.fate(of: id)
                guard case .alive = fate, mayRetry else {
                    let cause = self.error(for: fate, id, outcome: .notExecuted)
                    throw cause ?? error
                }
            }
        } catch is DeadlinePassed {
            throw timedOut(method, id, wasSent: false)
        }
    }

    private func explain(_ id: ActorID, _ error: ClusterError, afterLosing process: ProcessID) async throws {
        guard case .system = id.kind else {
            guard let directory = currentDirectory() else { throw notConnected() }
            let fate = try await directory.fate(of: id, afterLosing: process)
            if let cause = self.error(for: fate, id, outcome: .notExecuted) { throw cause }
            return
        }
    }

    /// The error of a call whose link was lost, with the cause if the directory knows it in time.
    private func lost(
        _ id: ActorID,
        _ route: Route,
        _ failure: LinkFailure,
        _ method: CalledMethod,
        wasSent: Bool,
        _ deadline: Moment
    ) async -> any Error {
        let outcome: ClusterError.Outcome = wasSent ? .mayHaveExecuted : .notExecuted
        let process = route.location.process
        if case .closedHere(let why) = failure { return ClusterError(.notConnected, why, outcome: outcome) }
        if case .system = id.kind {
            return ClusterError(.notConnected, "\(process): \(failure)", outcome: outcome)
        }
        let fate = try? await withDeadline(deadline) {
            try await self.currentDirectory()?.fate(of: id, afterLosing: process)
        }
        if let fate, let error = error(for: fate, id, outcome: outcome) { return error }
        return ClusterError(
            .notConnected,
            "the link to \(id) in \(process) was lost during \(method.readableName): \(failure)",
            outcome: outcome
        )
    }

    /// Why an actor with this fate cannot be called; `nil` when it lives.
    private func error(for fate: ActorFate, _ id: ActorID, outcome: ClusterError.Outcome) -> ClusterError? {
        switch fate {
        case .alive: nil
        case .dead(let cause): ClusterError(.actorDied(cause), "\(id) is dead: \(cause)", outcome: outcome)
        case .unknown:
            ClusterError(
                .noSuchActor,
                "the directory has no \(id)",
                hint: "it was never spawned in this cluster, or died so long ago that it is forgotten",
                outcome: outcome
            )
        case .pending: ClusterError(.notConnected, "\(id) has no place yet", outcome: outcome)
        case .restarting(let cause):
            ClusterError(
                .workerDied(cause),
                "the worker of \(id) ended, and the actor is being restarted: \(cause)",
                hint: "withCallOptions(retries:) sends calls again",
                outcome: outcome
            )
        }
    }

    private func thrown(_ body: FrameBuffer) -> any Error {
        var reader = ByteReader(body.bytes)
        do {
            let failure = try withExtendedLifetime(body) {
                try CBOR.decode(RemoteFailure.self, from: &reader)
            }
            let error = failure.error(in: self)
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

    private func refused(_ body: FrameBuffer, _ method: CalledMethod) -> ClusterError {
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

    private func timedOut(_ method: CalledMethod, _ id: ActorID, wasSent: Bool) -> ClusterError {
        ClusterError(
            .timedOut,
            "\(method.readableName) of \(id) did not end by its deadline",
            hint: "withCallOptions(timeout:) gives calls more time",
            outcome: wasSent ? .mayHaveExecuted : .notExecuted
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
