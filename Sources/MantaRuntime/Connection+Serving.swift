import MantaCore
import MantaTransport
import MantaWire
import Synchronization

/// Calls in: made by the peer, run here. All but `finish` is called on the lane.
extension Connection {
    /// A peer's calls that run at the same time; more are refused.
    private static let runningLimit = 100_000
    /// Method names that a peer may send.
    private static let nameLimit = 1 << 16
    private static let nameByteLimit = 4096
    /// Names of methods that this program does not have are kept, for errors; of more than these it is only told that there is none.
    private static let unknownNameLimit = 100

    func named(_ head: FrameHead, _ body: FrameBody) {
        let number = Int(head.number)
        guard number < Self.nameLimit, body.bytes.count <= Self.nameByteLimit else {
            return refuse("a method numbered \(number) with a name of \(body.bytes.count) bytes")
        }
        while servedMethods.count <= number { servedMethods.append(nil) }
        let identifier = String(decoding: body.bytes, as: UTF8.self)
        servedMethods[number] = ServedMethod.named(identifier)
        guard servedMethods[number] == nil else { return }
        unknownNames.withLock { names in
            if names.count < Self.unknownNameLimit { names[head.number] = identifier }
        }
    }

    func serve(_ head: FrameHead, _ body: FrameBody) {
        var reader = ByteReader(body.bytes)
        let call: CallHead
        var token: CallToken?
        do throws(WireError) {
            call = try CallHead(&reader)
            if head.flags.contains(.hasToken) { token = try CallToken(&reader) }
        } catch {
            return refuse("a call of \(body.bytes.count) bytes: \(error.description)")
        }
        if let token, token.caller != peer { return refuse("a call with the token of \(token.caller)") }
        guard call.method < servedMethods.count else {
            return refuse("a call of method \(call.method), which has no name")
        }
        guard let method = servedMethods[Int(call.method)] else {
            return fail(head.number, noSuchMethod(call.method))
        }
        guard let hosted = system.hosted.actor(call.actor) else {
            return fail(head.number, system.notHere(call.actor))
        }
        guard call.epoch == 0 || hosted.epoch == 0 || call.epoch == hosted.epoch else {
            return fail(head.number, system.notHere(call.actor))
        }
        let served = ServedCall(
            number: head.number,
            connection: self,
            method: method,
            hosted: hosted,
            body: body.kept(),
            substitutionCount: head.detail,
            token: token,
            deadline: deadline(call.remainingMilliseconds),
            wantsStarted: head.flags.contains(.wantsStarted),
            hasObjects: head.flags.contains(.hasObjects)
        )
        let admitted = state.withLock { state in
            guard state.running.count < Self.runningLimit else { return Admission.full }
            return state.running.insert(served) ? .run : .duplicate
        }
        switch admitted {
        case .run:
            if let repeatable = served.repeatable {
                served.startOnce(repeatable)
            } else if let refusal = hosted.closedFor {
                served.endUnrun(refusal)
            } else {
                served.start()
            }
        case .full: fail(head.number, tooManyRunning())
        case .duplicate: refuse("a second call numbered \(head.number)")
        }
    }

    private enum Admission { case run, full, duplicate }

    private func deadline(_ remainingMilliseconds: UInt32) -> Moment {
        remainingMilliseconds == FrameHead.noDeadline
            ? .distantFuture : Lane.now + .milliseconds(Int(remainingMilliseconds))
    }

    func cancelServed(_ number: UInt32) { state.withLock { $0.running[number] }?.cancel() }

    /// Tells the caller that a call has started.
    func announceStart(_ number: UInt32) { send(FrameHead(.started, number: number)) }

    /// Sends the reply of a call, unless it has had one. From any thread.
    func finish(
        _ call: ServedCall,
        _ status: ReplyStatus,
        _ reply: ByteWriter,
        flags: FrameFlags = FrameFlags()
    ) {
        let flags = reply.attachments.isEmpty ? flags : flags.union(.hasObjects)
        FrameHead(.reply, flags: flags, detail: status.rawValue, number: call.number).store(in: reply)
        state.withLock { state in
            guard state.running.remove(call), let link = state.link else { return }
            if !reply.attachments.isEmpty { embark(reply) }
            _ = link.send(reply)
            if link.isCongested, !state.isReadingPaused {
                state.isReadingPaused = true
                link.pauseReading()
            }
        }
    }

    /// The calls of an actor that wait here or run.
    func servedCalls(on hosted: HostedActor) -> [ServedCall] {
        state.withLock { state in state.running.all.filter { $0.hosted === hosted } }
    }

    /// The method that a task runs, for the watchdog.
    func methodRun(by task: UInt) -> String? {
        state.withLock { state in
            state.running.all.first { $0.taskIdentity == task }.map(\.description)
        }
    }

    private func fail(_ number: UInt32, _ error: ClusterError) {
        let writer = ByteWriter(capacity: 256)
        writer.appendZeros(FrameHead.byteCount)
        append(error, to: writer)
        FrameHead(.reply, flags: .outOfTurn, detail: ReplyStatus.failed.rawValue, number: number)
            .store(in: writer)
        _ = state.withLock { $0.link }?.send(writer)
    }

    private func send(_ head: FrameHead) {
        let writer = ByteWriter(capacity: FrameHead.byteCount)
        head.append(to: writer)
        _ = state.withLock { $0.link }?.send(writer)
    }

    private func noSuchMethod(_ number: UInt32) -> ClusterError {
        let identifier = unknownNames.withLock { $0[number] } ?? ""
        return ClusterError(
            .noSuchMethod,
            "\(system.process) has no method \(TargetName(identifier)?.readable ?? identifier), which \(peer) called",
            hint: "run the same build of the program on both sides",
            outcome: .notExecuted
        )
    }

    private func tooManyRunning() -> ClusterError {
        ClusterError(
            .overloaded,
            "\(Self.runningLimit) calls of \(peer) already run in \(system.process)",
            hint: "wait for replies before calling again",
            outcome: .notExecuted
        )
    }
}

/// Appends an error as a reply's body.
func append(_ error: ClusterError, to writer: ByteWriter) {
    let start = writer.count
    do { try CBOR.encode(error, into: writer) } catch {
        writer.truncate(to: start)  // an empty body reads as `undecodable`
    }
}
