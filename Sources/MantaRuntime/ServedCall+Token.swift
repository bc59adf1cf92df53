import MantaCore
import MantaTransport
import MantaWire
import Synchronization

/// Calls that their callers may send again: each runs once, and its reply goes to all that were sent for it.
extension ServedCall {
    /// Starts the call, unless it has been sent before: then it gets the reply of that.
    func startOnce(_ token: CallToken) {
        switch hosted.replies.arrived(token, self) {
        case .run:
            life.withLock { $0.ownsReply = true }
            if let refusal = hosted.closedFor { endUnrun(refusal) } else { start() }
        case .attached(let leader): life.withLock { $0.leader = leader }
        case .reply(let status, let bytes): copy(status, bytes)
        case .forgotten: copy(.failed, encoded(forgotten()))
        case .full: copy(.failed, encoded(tooManyRunning()))
        }
    }

    /// Keeps the reply, and sends it for those that wait for the same.
    func share(_ status: ReplyStatus, _ writer: ByteWriter, _ flags: FrameFlags) {
        guard let token, life.withLock({ $0.ownsReply }) else { return }
        let body = Array(writer.bytes[FrameHead.byteCount...])
        let followers =
            flags.contains(.outOfTurn)
            ? hosted.replies.withdrew(token)
            : hosted.replies.finished(token, status, body, until: deadline)
        for follower in followers { follower.copy(status, body) }
    }

    /// Answers with the reply of another call.
    private func copy(_ status: ReplyStatus, _ body: [UInt8]) {
        let writer = replyWriter()
        body.withUnsafeBytes { writer.append($0) }
        // It did not start itself, and tells nothing of others.
        connection.finish(self, status, writer, flags: .outOfTurn)
        noteEnd()
    }

    /// The caller may come back for the reply, over another link, until its deadline.
    func linkLostForNow() {
        let (ownsReply, hasEnded) = life.withLock { ($0.ownsReply, $0.hasEnded) }
        guard ownsReply else { return noteEnd() }
        guard !hasEnded else { return }
        hosted.adopt(self)
        guard deadline != .distantFuture else { return }
        let (control, deadline) = (connection.system.control, deadline)
        let timer = LaneTimer { [weak self] in self?.cancel() }
        control.execute { control.wake(timer, at: deadline) }
    }

    private func encoded(_ error: ClusterError) -> [UInt8] {
        let writer = ByteWriter()
        append(error, to: writer)
        return Array(writer.bytes)
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
