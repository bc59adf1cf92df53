import MantaCore
import MantaTransport
import MantaWire
import Synchronization

/// What a served call has that its caller may send again.
final class RepeatableCall: Sendable {
    let token: CallToken
    private let role = Mutex<Role?>(nil)

    enum Role {
        /// It is the one that runs, for all that are sent with the same token.
        case leads
        case follows(ServedCall)
    }

    init(_ token: CallToken) { self.token = token }

    var leads: Bool { if case .leads = role.withLock({ $0 }) { true } else { false } }
    /// The call that runs in its place.
    var leader: ServedCall? { if case .follows(let call) = role.withLock({ $0 }) { call } else { nil } }
    func take(_ role: Role) { self.role.withLock { $0 = role } }
}

/// Calls that their callers may send again: each runs once, and its reply goes to all that were sent for it.
extension ServedCall {
    /// Starts the call, unless it has been sent before: then it gets the reply of that.
    func startOnce(_ repeatable: RepeatableCall) {
        switch hosted.replies(in: connection.system).arrived(repeatable.token, self) {
        case .run:
            repeatable.take(.leads)
            if let refusal = hosted.closedFor { endUnrun(refusal) } else { start() }
        case .attached(let leader): repeatable.take(.follows(leader))
        case .reply(let status, let reply): copy(status, reply)
        case .forgotten: copy(.failed, encoded(forgotten()))
        case .full: copy(.failed, encoded(tooManyRunning()))
        }
    }

    /// Keeps the reply, and sends it for those that wait for the same.
    func share(_ repeatable: RepeatableCall, _ status: ReplyStatus, _ writer: ByteWriter, _ flags: FrameFlags)
    {
        guard repeatable.leads else { return }
        // Its caller reads one of the replies that it gets.
        for case let passage as ObjectPassage in writer.attachments { passage.endWithArrival() }
        let body = KeptReply(Array(writer.bytes[FrameHead.byteCount...]), attachments: writer.attachments)
        let replies = hosted.replies(in: connection.system)
        let isWithdrawn = flags.contains(.outOfTurn)
        let isWanted = !callerHasEnded
        let followers =
            isWithdrawn
            ? replies.withdrew(repeatable.token)
            : replies.finished(repeatable.token, status, body, isWanted: isWanted, until: deadline)
        for follower in followers { follower.copy(status, body) }
        // Told of its end after it was looked for, and before this was kept.
        if !isWithdrawn, isWanted, callerHasEnded { _ = replies.ended([repeatable.token.caller]) }
    }

    /// Answers with the reply of another call.
    private func copy(_ status: ReplyStatus, _ body: KeptReply) {
        let writer = replyWriter()
        body.bytes.withUnsafeBytes { writer.append($0) }
        writer.attachments = body.attachments
        // It did not start itself, and tells nothing of others.
        connection.finish(self, status, writer, flags: .outOfTurn)
        noteEnd()
    }

    /// The caller may come back for the reply, over another link, until its deadline.
    func linkLostForNow(_ repeatable: RepeatableCall) {
        guard repeatable.leads else { return noteEnd() }
        guard !hasReturned else { return }
        hosted.adopt(self)
        if callerHasEnded { return cancel() }
        guard deadline != .distantFuture else { return }
        let (control, deadline) = (connection.system.control, deadline)
        let timer = LaneTimer { [weak self] in self?.cancel() }
        control.execute { control.wake(timer, at: deadline) }
    }

    /// Whether the process is known to have ended whose call it is. Asked after the call, or its reply, is where the news of an
    /// end has it looked for, so that none is missed that comes at the same time.
    private var callerHasEnded: Bool { connection.system.hasEnded(connection.peer) }

    private func encoded(_ error: ClusterError) -> KeptReply {
        let writer = ByteWriter()
        append(error, to: writer)
        return KeptReply(Array(writer.bytes))
    }

    private func forgotten() -> ClusterError {
        ClusterError(
            .notConnected,
            "\(description) was sent again so late that its reply is not kept any more",
            outcome: .mayHaveExecuted
        )
    }

    private func tooManyRunning() -> ClusterError {
        ClusterError(
            .overloaded,
            "too many calls of \(hosted.label) run that may be sent again",
            hint: "wait for replies before calling again",
            outcome: .notExecuted
        )
    }
}
