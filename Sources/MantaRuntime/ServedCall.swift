internal import CMantaShims
internal import Distributed
import MantaCore
import MantaObjectStore
import MantaTransport
import MantaWire
import Synchronization

/// A call of another process that runs here: `admitted → running → ended`. A call of an actor that limits how
/// many run at a time may wait in between, and end unrun.
///
/// It ends with exactly one reply: the method's, or an error when the actor is killed first. The connection
/// knows by its table which came first.
final class ServedCall: Sendable {
    // In an order without gaps: up to 120 bytes are what malloc has at hand at once.
    let number: UInt32
    private let substitutionCount: UInt16
    private let wantsStarted: Bool
    /// Some of its arguments lie in objects.
    private let hasObjects: Bool
    private let ended = Atomic<Bool>(false)
    let hosted: HostedActor
    let connection: Connection
    let method: ServedMethod
    private let body: FrameBuffer
    let deadline: Moment
    private let identity = Atomic<UInt>(0)
    private let serial = Atomic<UInt64>(0)
    /// Of a call that its caller may send again.
    let repeatable: RepeatableCall?
    private let life = Mutex(Life())

    private struct Life {
        var task: Task<Void, Never>?
        /// `nil` for most.
        var watchers: [@Sendable () -> Void]?
        var isCancelled = false
        /// The method has returned, or never runs.
        var hasReturned = false
    }

    init(
        number: UInt32,
        connection: Connection,
        method: ServedMethod,
        hosted: HostedActor,
        body: FrameBuffer,
        substitutionCount: UInt16,
        token: CallToken?,
        deadline: Moment,
        wantsStarted: Bool,
        hasObjects: Bool
    ) {
        self.number = number
        self.connection = connection
        self.method = method
        self.hosted = hosted
        self.body = body
        self.substitutionCount = substitutionCount
        repeatable = token.map { RepeatableCall($0) }
        self.deadline = deadline
        self.wantsStarted = wantsStarted
        self.hasObjects = hasObjects
    }

    /// The task that runs the method; 0 before it starts.
    var taskIdentity: UInt { identity.load(ordering: .relaxed) }
    /// It has been answered, or its method has returned.
    var hasEnded: Bool { ended.load(ordering: .relaxed) }
    var description: String { "\(method.name.readable) of \(hosted.label)" }

    /// What this call is called in a search for a deadlock. Most never need it.
    var key: WaitGraph.Key {
        let system = connection.system
        var serial = serial.load(ordering: .relaxed)
        if serial == 0 {
            let new = system.nextServedSerial()
            let (isFirst, known) = self.serial.compareExchange(expected: 0, desired: new, ordering: .relaxed)
            serial = isFirst ? new : known
        }
        return WaitGraph.Key(process: system.process, serial: serial)
    }

    // MARK: Start and end

    /// Starts the method, or has it wait for its turn. Calls start in the order in which this is called for
    /// their actor.
    func start() {
        if let line = hosted.line, !line.arrived(self) { return }
        begin()
    }

    /// Starts the method where its actor lives.
    func begin() {
        // A task for each call is what a call is; its handle is kept for cancellation until it ends.
        let started: Task<Void, Never> =
            switch hosted.place {
            case .lane(let lane): Task(executorPreference: lane.tasks) { await self.run() }
            case .pool(let queue): Task(executorPreference: queue) { await self.run() }
            }
        let mustCancel = life.withLock { life in
            guard !life.hasReturned else { return false }
            life.task = started
            return life.isCancelled
        }
        if mustCancel { started.cancel() }
    }

    /// Cancels the method's task; a call that waits for its turn never runs. From any thread.
    func cancel() {
        if let line = hosted.line, line.withdraw(self) { return endUnrun(cancelledInLine()) }
        let started = life.withLock { life in
            life.isCancelled = true
            return life.task
        }
        started?.cancel()
        repeatable?.leader?.cancel()
    }

    /// Nobody waits for the reply any more.
    func linkLost() {
        if let repeatable { return linkLostForNow(repeatable) }
        cancel()
        if !hasReturned { hosted.adopt(self) }
    }

    /// The actor is killed: the caller learns it now.
    func kill(_ error: ClusterError) {
        fail(error)
        cancel()
    }

    /// The same for a call that waits for its turn; `false` when it does not.
    func killInLine(_ error: ClusterError) -> Bool {
        guard let line = hosted.line, line.withdraw(self) else { return false }
        var error = error
        error.outcome = .notExecuted
        endUnrun(error)
        return true
    }

    /// Replies with `error` in the place of the method.
    func fail(_ error: ClusterError) { fail(error, flags: FrameFlags()) }

    /// Replies with `error` to a call that has not started and never will.
    func endUnrun(_ error: ClusterError) {
        fail(error, flags: .outOfTurn)
        noteEnd()
    }

    private func fail(_ error: ClusterError, flags: FrameFlags) {
        ended.store(true, ordering: .relaxed)
        let writer = replyWriter()
        append(error, to: writer)
        answer(.failed, writer, flags: flags)
    }

    /// Sends the reply, unless there has been one.
    func answer(_ status: ReplyStatus, _ writer: ByteWriter, flags: FrameFlags = FrameFlags()) {
        if let repeatable { share(repeatable, status, writer, flags) }
        connection.finish(self, status, writer, flags: flags)
    }

    /// The method has returned, or never runs.
    var hasReturned: Bool { life.withLock { $0.hasReturned } }

    /// Calls `action` when the method has returned, or at once if it has, or never runs.
    func whenEnded(_ action: @escaping @Sendable () -> Void) {
        let hasReturned = life.withLock { life in
            if !life.hasReturned { life.watchers = (life.watchers ?? []) + [action] }
            return life.hasReturned
        }
        if hasReturned { action() }
    }

    func noteEnd() {
        ended.store(true, ordering: .relaxed)
        let watchers = life.withLock { life in
            life.hasReturned = true
            life.task = nil
            return life.watchers.take()
        }
        if let watchers { for watcher in watchers { watcher() } }
    }

    // MARK: Running

    private nonisolated(nonsending) func run() async {
        var context = CallContext()
        context.deadline = deadline
        context.serving = self
        context.servingTask = manta_task_identity()
        identity.store(context.servingTask, ordering: .relaxed)
        if wantsStarted { connection.announceStart(number) }
        await CallContext.$current.withValue(context) { await perform() }
        connection.notes.noteEnd(of: method, of: hosted.label)
        noteEnd()
        hosted.line?.left(self)
    }

    @inline(__always)
    private nonisolated(nonsending) func perform() async {
        let objects: [ObjectPin]
        do throws(ClusterError) { objects = hasObjects ? try await pinArguments() : [] } catch {
            return fail(error)
        }
        // Its actor was killed before it could start.
        guard !hasEnded else { return }
        guard let actor = hosted.actor else { return fail(connection.system.notHere(hosted.id)) }
        let writer = replyWriter()
        do throws(ClusterError) {
            var decoder = try CallDecoder(
                body,
                offset: argumentOffset,
                substitutionCount: Int(substitutionCount),
                objects: objects,
                system: connection.system
            )
            switch method.fit(actor, substitutions: decoder.substitutions) {
            case .fits: break
            case .otherType: throw wrongType(actor)
            case .otherSubstitutions: throw wrongSubstitutions(actor, decoder.substitutions)
            }
            if substitutionCount > 0 {
                decoder.substitute(method.substitutions(decoder.substitutions, for: actor))
            }
            let outcome = await connection.system.run(method, on: actor, &decoder, into: writer)
            try reply(outcome, writer)
        } catch {
            fail(error)
        }
    }

    private var argumentOffset: Int {
        CallHead.byteCount + (repeatable == nil ? 0 : CallToken.byteCount)
    }

    /// Brings the objects here in which arguments lie.
    @inline(never)
    private nonisolated(nonsending) func pinArguments() async throws(ClusterError) -> [ObjectPin] {
        do {
            let bytes = UnsafeRawBufferPointer(rebasing: body.bytes[argumentOffset...])
            let references = try ObjectClient.arguments(in: bytes)
            if references.isEmpty { return [] }
            guard let objects = connection.system.objects else { throw connection.system.notConnected() }
            return try await objects.pin(references, by: deadline)
        } catch var error as ClusterError {
            error.message = "an argument of \(method.name.readable) cannot be read: \(error.message)"
            error.outcome = .notExecuted
            throw error
        } catch is CancellationError {
            throw ClusterError(.cancelled, "\(description) was cancelled", outcome: .notExecuted)
        } catch {
            throw ClusterError(
                .undecodable,
                "an argument of \(method.name.readable) cannot be read: \(error)",
                outcome: .notExecuted
            )
        }
    }

    /// Replies with `outcome`: what ended the method, `nil` when it returned and `writer` holds its result.
    private func reply(_ outcome: (any Error)?, _ writer: ByteWriter) throws(ClusterError) {
        let limit = connection.system.options.linkLimits.frameByteCount
        switch outcome {
        case nil where writer.count > limit:
            for case let refusal as ObjectClient.PromotionRefusal in writer.attachments {
                var error = refusal.error
                error.outcome = .executed
                throw error
            }
            throw ClusterError(
                .invalidArgument,
                "the result of \(method.name.readable) takes \(writer.count) bytes, more than a frame's \(limit)",
                hint: "return it in parts",
                outcome: .executed
            )
        case nil: answer(.value, writer)
        case .some(CallFailure.argument(let reason)):
            throw ClusterError(
                .undecodable,
                "\(connection.system.process) cannot decode an argument of \(method.name.readable) "
                    + "that \(connection.peer) sent: \(reason)",
                hint: "run builds on both sides that agree on the argument's type",
                outcome: .notExecuted
            )
        case .some(CallFailure.result(let reason)):
            throw ClusterError(
                .undecodable,
                "the result of \(method.name.readable) cannot be encoded: \(reason)",
                outcome: .executed
            )
        case let error?:
            writer.truncate(to: FrameHead.byteCount)
            let failure = RemoteFailure(error, system: connection.system)
            do { try CBOR.encode(failure, into: writer) } catch { writer.truncate(to: FrameHead.byteCount) }
            if writer.count > limit {
                throw ClusterError(.remote, "\(type(of: error)), too large to be sent", outcome: .executed)
            }
            answer(.thrown, writer)
        }
    }

    func replyWriter() -> ByteWriter {
        let writer = ByteWriter(capacity: 64)
        writer.appendZeros(FrameHead.byteCount)
        return writer
    }
}
