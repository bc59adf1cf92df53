public import Distributed
internal import Logging
public import MantaCore
internal import MantaTransport
internal import MantaWire

extension ClusterSystem {
    public func makeInvocationEncoder() -> CallEncoder { CallEncoder(self) }

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
        var reader = ByteReader(reply.body.bytes)
        if CBOR.isObject(reader) { return try await largeResult(&reader, of: method, in: reply) }
        do {
            return try withExtendedLifetime(reply.body) {
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

    /// Reads a result that lies in an object.
    @inline(never)
    private func largeResult<Res: Codable & Sendable>(
        _ reader: inout ByteReader,
        of method: CalledMethod,
        in reply: Reply
    ) async throws -> Res {
        do {
            guard let objects else { throw notConnected() }
            defer { withExtendedLifetime(reply.body) {} }
            let handle = try objects.readResult(&reader)
            // It counts as read, however long its object takes to come.
            reply.body.letGo()
            return try await objects.decodeResult(Res.self, handle, by: reply.deadline)
        } catch var error as ClusterError {
            error.message = "the result of \(method.readableName) cannot be read: \(error.message)"
            error.outcome = .executed
            throw error
        }
    }

    public func remoteCallVoid<Act, Err>(
        on actor: Act,
        target: RemoteCallTarget,
        invocation: inout CallEncoder,
        throwing: Err.Type
    ) async throws where Act: DistributedActor, Act.ID == ActorID, Err: Error {
        let method = CalledMethod.named(target.identifier)
        _ = try await call(actor.id, Act.self, method, invocation, mayIgnoreReply: true)
    }

    /// What a call came to, and until when what it still needs may take.
    private struct Reply {
        var body: FrameBuffer
        var deadline: Moment
    }

    /// Carries a call to its actor, wherever that is, and returns the body of its reply.
    ///
    /// Inlined, because every asynchronous function on the way of a call costs a look at the task's executor.
    @inline(__always)
    private func call(
        _ id: ActorID,
        _ type: any Any.Type,
        _ method: CalledMethod,
        _ invocation: CallEncoder,
        mayIgnoreReply: Bool = false
    ) async throws -> Reply {
        let substitutions = invocation.substitutions
        try method.check(on: type, substitutions: substitutions)
        let terms = CallContext.terms(from: Lane.now)
        var token: CallToken?
        // What the control plane is asked for a program is not the program's call.
        if terms.hasOptions, id.kind != .system {
            if mayIgnoreReply, terms.reply == .ignored {
                try checkSize(invocation, method)
                try await handOver(id, method, invocation, terms)
                return Reply(body: FrameBuffer(byteCount: 0), deadline: terms.deadline)
            }
            token = nextToken(terms, invocation.writer)
        }
        try checkSize(invocation, method)
        var attempts = CallAttempts(
            retries: token == nil ? 0 : terms.retries,
            retryUnknown: terms.retryUnknown
        )
        while true {
            let route: Route
            if let known = self.route(id) {
                route = known
            } else {
                route = try await reach(id, method, invocation, terms.deadline, &attempts)
            }
            if attempts.mayHaveRun, let error = attempts.refusal(at: route.location) { throw error }
            let call = PendingCall(
                route: route,
                method: method,
                terms: terms,
                frame: invocation.writer,
                substitutionCount: substitutions.count,
                hasObjects: invocation.hasObjects,
                token: token
            )
            switch await route.connection.perform(call) {
            case .reply(.value, let body): return Reply(body: body, deadline: terms.deadline)
            case .reply(.thrown, let body): throw thrown(body, by: id)
            case let end: try await prepareNext(after: end, of: call, &attempts)
            }
        }
    }

    /// Returns when the call is to be sent again, which goes to wherever its actor is then; else throws why it
    /// has failed.
    private func prepareNext(
        after end: CallEnd,
        of call: PendingCall,
        _ attempts: inout CallAttempts
    ) async throws {
        let (route, method) = (call.route, call.method)
        switch end {
        case .reply(_, let body):
            let error = refused(body, method)
            guard error.code == .noSuchActor else { throw attempts.final(error) }
            // The actor has died or moved: the directory knows.
            drop(route)
            do {
                if let cause = try await cause(of: route.actor, method, call.deadline) { throw cause }
            } catch let error as ClusterError {
                throw attempts.final(error)
            }
            if let error = attempts.notThere(error) { throw error }
        case .timedOut(let wasSent):
            throw attempts.final(timedOut(method, route.actor, wasSent: wasSent))
        case .cancelled: throw CancellationError()
        case .linkClosed(let failure, let wasSent):
            drop(route)
            let (error, fate) = await lost(call, failure, wasSent: wasSent)
            let end = attempts.lost(error, wasSent: wasSent, at: route.location, fate: fate)
            if let end { throw end }
        case .tooManyCalls: throw attempts.final(tooManyCalls(route))
        case .handedOver: preconditionFailure("a call that waits for its reply was only handed over")
        }
    }

    // MARK: Options

    /// Names a call that may be sent again, and makes room for the name in its frame.
    private func nextToken(_ terms: CallTerms, _ frame: ByteWriter) -> CallToken? {
        guard terms.retries > 0 else { return nil }
        let token = CallToken(caller: process, sequence: nextCallSequence())
        withUnsafeTemporaryAllocation(byteCount: CallToken.byteCount, alignment: 8) { space in
            space.initializeMemory(as: UInt8.self, repeating: 0)
            frame.insert(UnsafeRawBufferPointer(space), at: FrameHead.callByteCount)
        }
        return token
    }

    /// Sends a call whose reply nobody wants, and returns when it has been handed to the link: it keeps its place
    /// among the calls of its task, and its actor's limit of calls that have not started holds it back.
    private func handOver(
        _ id: ActorID,
        _ method: CalledMethod,
        _ invocation: CallEncoder,
        _ terms: CallTerms
    ) async throws {
        var attempts = CallAttempts(retries: 0, retryUnknown: false)
        do {
            while true {
                let route = try await reach(id, method, invocation, terms.deadline, &attempts)
                let call = PendingCall(
                    route: route,
                    method: method,
                    terms: terms,
                    frame: invocation.writer,
                    substitutionCount: invocation.substitutions.count,
                    isOneWay: true
                )
                let end = await route.connection.perform(call)
                if case .handedOver = end { return }
                try await prepareNext(after: end, of: call, &attempts)
            }
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            logger.debug("a one-way call was dropped", metadata: ["actor": "\(id)", "reason": "\(error)"])
        }
    }

    private func checkSize(_ invocation: CallEncoder, _ method: CalledMethod) throws(ClusterError) {
        let limit = options.linkLimits.frameByteCount
        let writer = invocation.writer
        guard writer.count > limit else { return }
        if var refusal = invocation.refusal {
            refusal.message +=
                "; inline, the arguments of \(method.readableName) take \(writer.count) bytes, "
                + "more than a frame's \(limit)"
            refusal.outcome = .notExecuted
            throw refusal
        }
        throw ClusterError(
            .invalidArgument,
            "the arguments of \(method.readableName) take \(writer.count) bytes, more than a frame's \(limit)",
            hint: "send them in parts",
            outcome: .notExecuted
        )
    }
}
