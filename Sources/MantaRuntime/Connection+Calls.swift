package import MantaCore
package import MantaTransport
import MantaWire
import Synchronization

/// Calls out: made here, run by the peer.
extension Connection {
    /// Sends a call and waits for its end: its reply, its deadline, its cancellation, or the end of the link.
    ///
    /// A call to an actor with too many that have not started, or over a congested link, is held back; the
    /// ways in which it ends are the same.
    @inline(__always)
    nonisolated(nonsending) func perform(_ call: PendingCall) async -> CallEnd {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in begin(call, continuation) }
        } onCancel: {
            cancel(call)
        }
    }

    private func begin(_ call: PendingCall, _ continuation: UnsafeContinuation<CallEnd, Never>) {
        let now = Lane.now
        let (end, timer): (CallEnd?, Moment?) = state.withLock { state in
            if let failure = state.failure { return (.linkClosed(failure, wasSent: false), nil) }
            if call.isCancelled { return (.cancelled, nil) }
            if call.deadline <= now { return (.timedOut(wasSent: false), nil) }
            guard let number = state.calls.begin(call, deadline: call.deadline) else {
                return (.tooManyCalls, nil)
            }
            call.number = number
            call.continuation = continuation
            if call.route.window.isFull {
                call.route.window.hold(call)
            } else {
                transmitOrPark(call, &state, now: now)
            }
            var end: CallEnd?
            if call.isOneWay, call.continuation == nil {
                // It has just been sent, and so is the last one there.
                state.handedOver.removeLast()
                end = .handedOver
            }
            guard call.deadline < state.timer else { return (end, nil) }
            state.timer = call.deadline
            return (end, call.deadline)
        }
        if let end { continuation.resume(returning: end) }
        if let timer { lane.execute { self.lane.wake(self, at: timer) } }
    }

    private func transmitOrPark(_ call: PendingCall, _ state: inout State, now: Moment) {
        (call.place, call.wantsStarted) = call.route.window.sent()
        if state.link?.isCongested ?? true || !state.parked.isEmpty {
            state.parked.append(call)
        } else {
            transmit(call, &state, now: now)
        }
    }

    /// Sends the frame of `call`, after the name of its method if the peer does not know it yet.
    func transmit(_ call: PendingCall, _ state: inout State, now: Moment) {
        guard let link = state.link, let number = call.number, let frame = call.frame else { return }
        let method = Int(call.method.number)
        if method >= state.isNamed.count || !state.isNamed[method] {
            while state.isNamed.count <= method { state.isNamed.append(false) }
            state.isNamed[method] = true
            sendName(of: call.method, on: link)
        }
        CallHead(
            actor: call.route.actor,
            method: call.method.number,
            epoch: call.route.location.epoch,
            remainingMilliseconds: remaining(until: call.deadline, from: now)
        ).store(in: frame)
        var flags = call.wantsStarted ? .wantsStarted : FrameFlags()
        if let token = call.token {
            flags.insert(.hasToken)
            token.store(in: frame)
        }
        if call.hasObjects { flags.insert(.hasObjects) }
        if !frame.attachments.isEmpty { embark(frame) }
        FrameHead(
            .call,
            flags: flags,
            detail: UInt16(call.substitutionCount),
            number: number
        ).store(in: frame)
        call.frame = nil
        call.isSent = link.send(frame)
        if call.isOneWay, call.isSent, let continuation = call.continuation.take() {
            state.handedOver.append(continuation)
        }
    }

    /// Notes where the references go that are in a frame.
    func embark(_ frame: ByteWriter) {
        for case let passage as ObjectPassage in frame.attachments { passage.sent(to: peer) }
    }

    /// Lets the callers of one-way calls go on that have been sent.
    func resumeHandedOver() {
        for continuation in state.withLock({ $0.takeHandedOver() }) {
            continuation.resume(returning: .handedOver)
        }
    }

    private func sendName(of method: CalledMethod, on link: Link) {
        let writer = ByteWriter(capacity: 128)
        var identifier = method.identifier
        identifier.withUTF8 { utf8 in
            FrameHead(.name, number: method.number).append(to: writer, body: UnsafeRawBufferPointer(utf8))
        }
        _ = link.send(writer)
    }

    private func remaining(until deadline: Moment, from now: Moment) -> UInt32 {
        guard deadline != .distantFuture else { return FrameHead.noDeadline }
        guard deadline > now else { return 0 }
        // Rounded up, so that the callee never gives up before the caller does.
        return UInt32(
            clamping: min((deadline.nanoseconds - now.nanoseconds) / 1_000_000 + 1, UInt64(UInt32.max - 1))
        )
    }

    func replied(_ head: FrameHead, _ body: FrameBody) {
        guard let status = ReplyStatus(rawValue: head.detail) else {
            return refuse("a reply of status \(head.detail)")
        }
        var hasHandedOver = false
        var refused: Route?
        // The call goes after the lock: what it keeps is released then, which takes others.
        let (ended, continuation) = state.withLock { state in
            defer { hasHandedOver = !state.handedOver.isEmpty }
            switch state.calls.replied(head.number) {
            case .unknown: return (PendingCall?.none, UnsafeContinuation<CallEnd, Never>?.none)
            case .abandoned(let call):
                // The reply crossed the end that its caller gave it.
                noteReply(head, call, &state)
                return (call, nil)
            case .resume(let call):
                noteReply(head, call, &state)
                call.number = nil
                // Its actor may be elsewhere, and nobody waits who would look.
                if call.isOneWay, status == .failed { refused = call.route }
                defer { call.continuation = nil }
                return (call, call.continuation)
            }
        }
        guard ended != nil else { return refuse("a reply to call \(head.number), which is not open") }
        if let refused { system.drop(refused) }
        if hasHandedOver { resumeHandedOver() }
        guard let continuation else { return }
        let reply = body.kept()
        if head.flags.contains(.hasObjects), let objects = system.objects {
            reply.keep(objects.unreadReplies.batch(of: peer))
        }
        continuation.resume(returning: .reply(status, reply))
    }

    func started(_ number: UInt32) {
        let hasHandedOver = state.withLock { state in
            // Its reply may have overtaken it on another thread of the peer.
            guard let call = state.calls.waiter(number) else { return false }
            call.route.window.started(call.place)
            sendHeld(call.route, &state)
            return !state.handedOver.isEmpty
        }
        if hasHandedOver { resumeHandedOver() }
    }

    private func noteReply(_ head: FrameHead, _ call: PendingCall, _ state: inout State) {
        if head.flags.contains(.outOfTurn) {
            call.route.window.withdrew(call.place)
        } else {
            call.route.window.started(call.place)
        }
        sendHeld(call.route, &state)
    }

    /// Sends what the window of an actor now lets through.
    private func sendHeld(_ route: Route, _ state: inout State) {
        guard route.window.heldCount > 0 else { return }
        let now = Lane.now
        while let next = route.window.next() {
            if next.number != nil { transmitOrPark(next, &state, now: now) }
        }
    }

    private func cancel(_ call: PendingCall) {
        let continuation = state.withLock { state in
            call.isCancelled = true
            // Its caller need not care any more.
            if call.isOneWay, call.isSent { return UnsafeContinuation<CallEnd, Never>?.none }
            return giveUp(call, &state)
        }
        continuation?.resume(returning: .cancelled)
    }

    /// Ends `call` for its caller and tells the callee; `nil` when it has ended already.
    private func giveUp(_ call: PendingCall, _ state: inout State) -> UnsafeContinuation<CallEnd, Never>? {
        guard let number = call.number, state.calls.giveUp(number, wasSent: call.isSent) != nil else {
            return nil
        }
        // One that waits for the link will never start; one that waits for the window has not been counted.
        if !call.isSent, call.place > 0 { call.route.window.withdrew(call.place) }
        call.number = nil
        call.frame = nil
        defer { call.continuation = nil }
        if call.isSent, let link = state.link {
            let writer = ByteWriter(capacity: FrameHead.byteCount)
            FrameHead(.cancel, number: number).append(to: writer)
            _ = link.send(writer)
        }
        return call.continuation
    }

    package func timePassed(_ now: Moment) {
        let (late, next) = state.withLock { state in
            var late: [(UnsafeContinuation<CallEnd, Never>, Bool)] = []
            guard now >= state.timer else { return (late, Moment?.none) }
            for number in state.calls.timePassed(to: now) {
                guard let call = state.calls.waiter(number), let continuation = giveUp(call, &state) else {
                    continue
                }
                late.append((continuation, call.isSent))
            }
            state.timer = state.calls.nextDeadline
            return (late, state.timer)
        }
        for (continuation, wasSent) in late { continuation.resume(returning: .timedOut(wasSent: wasSent)) }
        if let next, next != .distantFuture { lane.wake(self, at: next) }
    }

    package func ready(_ events: LaneEvents) {}  // a connection only has timers

    /// The numbers of the calls over this link that `served` has made and waits for. Those that are held back
    /// here are not among them: their callee does not know them.
    func calls(madeBy served: ServedCall) -> [UInt32] {
        let served = ObjectIdentifier(served)
        return state.withLock { state in
            state.calls.waiters.compactMap { $0.serving == served && $0.isSent ? $0.number : nil }
        }
    }
}
