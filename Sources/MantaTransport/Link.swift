internal import Glibc
package import MantaCore
package import MantaWire
import Synchronization

/// One connection between two processes: frames in, frames out, served by a lane.
///
/// Reading happens on the lane only. Frames are sent from any thread: on the lane they leave together at the
/// end of the turn; elsewhere they are written by the sender itself when nothing is queued before them, which
/// saves waking the lane.
///
/// Back-pressure goes both ways: past `highWatermark` bytes that the peer has not taken, `isCongested` tells
/// senders to hold back until the handler is told `drained`, and a handler that cannot keep up stops the
/// reading (`pauseReading`).
package final class Link: LaneSource, Sendable {
    package let lane: Lane
    let socket: Socket
    private let limits: LinkLimits
    private let handler: any LinkHandler
    let output: Mutex<LinkOutput>
    private let congested = Atomic<Bool>(false)

    /// Confined to the lane's thread.
    nonisolated(unsafe) let input: LinkInput

    /// Takes over `socket`, which is connected and has been greeted; `received` is what the greeting read
    /// beyond itself. Only on the lane.
    package init(
        socket: Socket,
        lane: Lane,
        limits: LinkLimits = LinkLimits(),
        received: [UInt8] = [],
        handler: any LinkHandler
    ) {
        self.lane = lane
        self.socket = socket
        self.limits = limits
        self.handler = handler
        output = Mutex(LinkOutput())
        input = LinkInput(limits: limits, received: received)
    }

    /// Starts reading. Only on the lane, once.
    package func start() {
        let token = lane.add(self, descriptor: socket.descriptor, events: .readable)
        input.token = token
        output.withLock { $0.token = token }
        if input.hasLeftover { consume(count: 0) }
        receiveRestLater()
        if let heartbeat = limits.heartbeat { lane.wake(self, at: Lane.now + heartbeat.interval) }
    }

    // MARK: Sending

    /// Whether senders should hold back until the handler is told `drained`.
    package var isCongested: Bool { congested.load(ordering: .relaxed) }

    /// Sends the whole content of `writer`, one or more frames; `false` when the link is closed.
    package func send(_ writer: ByteWriter) -> Bool { send(writer.bytes) }

    package func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let onLane = lane.isCurrent
        let (isOpen, mustQueueFlush, failure) = output.withLock { output in
            guard output.closing == nil else { return (false, false, LinkFailure?.none) }
            var failure: LinkFailure?
            var mustQueueFlush = false
            if onLane {
                output.append(bytes)
                if output.count > limits.flushThreshold {
                    failure = write(&output)
                    // What was congested may be no longer: the flush tells the handler.
                    mustQueueFlush = isCongested && !output.isWatchingWritable && !output.isFlushQueued
                    if mustQueueFlush { output.isFlushQueued = true }
                } else if !output.isFlushQueued, !output.isWatchingWritable {
                    output.isFlushQueued = true
                    mustQueueFlush = true
                }
            } else if output.isEmpty, output.cutBy == nil {
                failure = writeThrough(bytes, &output)
            } else {
                output.append(bytes)  // who queued the first bytes, or the lane, will write these too
            }
            noteCongestion(&output)
            return (true, mustQueueFlush, failure)
        }
        if mustQueueFlush { lane.needsFlush(self) }
        if let failure { close(failure) }
        return isOpen
    }

    package func flush() {
        let (failure, hasDrained) = output.withLock { output in
            output.isFlushQueued = false
            let failure = output.closing == nil ? write(&output) : nil
            return (failure, noteDrained(&output))
        }
        if let failure { close(failure) } else if hasDrained { handler.drained(self) }
    }

    /// Writes `bytes` at once, and keeps what the socket does not take.
    private func writeThrough(_ bytes: UnsafeRawBufferPointer, _ output: inout LinkOutput) -> LinkFailure? {
        var rest = bytes
        while !rest.isEmpty {
            let count = socket.send(rest)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if count == -Int(EAGAIN) {
                output.append(rest)
                watchWritable(true, &output)
                return nil
            } else if count != -Int(EINTR) {
                return LinkFailure("send", number: Int32(-count))
            }
        }
        return nil
    }

    /// Writes what is queued, as far as the socket takes it.
    private func write(_ output: inout LinkOutput) -> LinkFailure? {
        guard output.cutBy == nil else { return nil }
        while !output.isEmpty {
            let bytes = output.unsent
            let count = socket.send(bytes)
            if count >= 0 {
                output.sent(count)
            } else if count == -Int(EAGAIN) {
                watchWritable(true, &output)
                return nil
            } else if count != -Int(EINTR) {
                return LinkFailure("send", number: Int32(-count))
            }
        }
        watchWritable(false, &output)
        return nil
    }

    private func watchWritable(_ wanted: Bool, _ output: inout LinkOutput) {
        guard output.isWatchingWritable != wanted, let token = output.token else { return }
        output.isWatchingWritable = wanted
        lane.watch(socket.descriptor, for: output.interest, token: token)
    }

    private func noteCongestion(_ output: inout LinkOutput) {
        if output.count > limits.highWatermark { congested.store(true, ordering: .relaxed) }
    }

    private func noteDrained(_ output: inout LinkOutput) -> Bool {
        guard output.count <= limits.lowWatermark, isCongested else { return false }
        congested.store(false, ordering: .relaxed)
        return true
    }

    // MARK: Receiving

    /// Stops or continues the reading; each pause needs its own resume. From any thread.
    package func pauseReading() { changePauses(by: 1) }
    package func resumeReading() { changePauses(by: -1) }

    private func changePauses(by step: Int) {
        output.withLock { output in
            let before = output.interest
            output.readingPauses += step
            if output.readingPauses == 0, socket.tls != nil {
                _ = lane.executeLater { [weak self] in self?.receiveRest() }
            }
            guard output.closing == nil, let token = output.token, output.interest != before else { return }
            lane.watch(socket.descriptor, for: output.interest, token: token)
        }
    }

    package func ready(_ events: LaneEvents) {
        if events.contains(.writable) { flush() }
        guard !input.isClosed else { return }
        guard !events.isDisjoint(with: .readableOrFailed) else { return }
        receive()
    }

    private func receive() {
        let count = socket.receive(input.space(in: lane.receiveBuffer))
        if count > 0 {
            consume(count: count)
            receiveRestLater()
        } else if count == 0 {
            close(.peerClosed)
        } else if count != -Int(EAGAIN), count != -Int(EINTR) {
            close(LinkFailure("read", number: Int32(-count)))
        }
    }

    /// Goes on with what TLS has taken from the socket already, after the others of this turn.
    private func receiveRestLater() {
        guard socket.hasBuffered, !input.isClosed else { return }
        _ = lane.executeLater { [weak self] in self?.receiveRest() }
    }

    private func receiveRest() {
        guard socket.hasBuffered, !input.isClosed, output.withLock({ $0.readingPauses == 0 }) else { return }
        receive()
    }

    private func consume(count: Int) {
        if count > 0 { input.unansweredPings = 0 }
        do {
            try input.consume(count: count, in: lane.receiveBuffer) { head, body in deliver(head, body) }
        } catch {
            close(.protocolViolation(error.description))
        }
    }

    private func deliver(_ head: FrameHead, _ body: FrameBody) {
        switch head.kind {
        case .ping: sendEmpty(FrameHead(.pong, number: head.number))
        case .pong where head.number == 0: break  // that it came is what counts: see `consume`
        default: handler.received(head, body, on: self)
        }
    }

    /// Asks for a pong of this number, not 0, which the handler receives after all that the peer has sent before it.
    package func ping(_ number: UInt32) { sendEmpty(FrameHead(.ping, number: number)) }

    private func sendEmpty(_ head: FrameHead) {
        let writer = ByteWriter(capacity: FrameHead.byteCount)
        head.append(to: writer)
        _ = send(writer)
    }

    package func timePassed(_ now: Moment) {
        guard let heartbeat = limits.heartbeat, output.withLock({ $0.closing == nil }) else { return }
        // Counted in pings and not in time: a process that was itself stopped for a while blames nobody.
        let bound = max(2, heartbeat.bound / heartbeat.interval)
        if Double(input.unansweredPings) >= bound, !output.withLock({ $0.readingPauses > 0 }) {
            close(.silent(heartbeat.interval * input.unansweredPings))
        } else {
            input.unansweredPings += 1
            sendEmpty(FrameHead(.ping))
            lane.wake(self, at: now + heartbeat.interval)
        }
    }

    // MARK: Closing

    /// Closes the link, once: the first failure counts. What is queued is lost; the handler learns it on the lane, after
    /// this has returned, because who sends may hold the lock that the handler takes.
    package func close(_ failure: LinkFailure) {
        let isFirst = output.withLock { output in
            guard output.closing == nil else { return false }
            output.closing = failure
            return true
        }
        guard isFirst else { return }
        if lane.isCurrent { input.isClosed = true }
        // A lane that has stopped has nothing to protect from its links, but the caller's lock is held here too.
        if !lane.executeLater({ self.finishClosing(failure) }) {
            startThread(named: "manta-close") { self.finishClosing(failure) }
        }
    }

    private func finishClosing(_ failure: LinkFailure) {
        if lane.isCurrent {
            input.isClosed = true
            if let token = input.token { lane.remove(token, descriptor: socket.descriptor) }
        }
        if let faults = output.withLock({ $0.cutBy }) {
            faults.close(socket.descriptor)
        } else {
            socket.close()
        }
        handler.closed(failure, on: self)
    }
}

/// Who a link delivers to. All is called on the link's lane.
package protocol LinkHandler: AnyObject, Sendable {
    func received(_ head: FrameHead, _ body: FrameBody, on link: Link)
    /// The peer has taken most of what was queued: `isCongested` is false again.
    func drained(_ link: Link)
    /// The last call: nothing is received after it.
    func closed(_ failure: LinkFailure, on link: Link)
}
