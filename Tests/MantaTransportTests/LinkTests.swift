import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Synchronization
import Testing

@Suite("link", .timeLimit(.minutes(10)))
struct LinkTests {
    private func call(_ number: UInt32, _ body: [UInt8] = []) -> Frame {
        Frame(FrameHead(.call, number: number), body)
    }

    /// Sends every call back as a reply.
    private func makeEcho() -> Recorder {
        Recorder { frame, link in link.send(Frame(FrameHead(.reply, number: frame.head.number), frame.body)) }
    }

    @Test("frames go both ways", arguments: [1, 2])
    func echo(laneCount: Int) async throws {
        try await withLanes(laneCount) { lanes in
            let (near, far) = try makeSocketPair()
            let caller = Recorder()
            let link = await startLink(near, on: lanes[0], caller)
            let echo = makeEcho()
            let other = await startLink(far, on: lanes[laneCount - 1], echo)
            for number in 0..<100 as Range<UInt32> { #expect(link.send(call(number, [UInt8(number)]))) }
            try await eventually { caller.frames.count == 100 }
            #expect(caller.frames == (0..<100).map { Frame(FrameHead(.reply, number: $0), [UInt8($0)]) })
            #expect(caller.seen.receivedOffLane == 0)
            #expect(echo.seen.receivedOffLane == 0)
            link.close(.closedHere("done"))
            try await eventually { echo.failures.count == 1 }
            _ = other
        }
    }

    @Test("a frame larger than every buffer arrives whole")
    func large() async throws {
        try await withLanes(2) { lanes in
            let (near, far) = try makeSocketPair()
            let caller = Recorder()
            let link = await startLink(near, on: lanes[0], caller)
            _ = await startLink(far, on: lanes[1], makeEcho())
            let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 17) }
            link.send(call(1, body))
            link.send(call(2, [9]))
            try await eventually { caller.frames.count == 2 }
            #expect(
                caller.frames == [
                    Frame(FrameHead(.reply, number: 1), body), Frame(FrameHead(.reply, number: 2), [9]),
                ]
            )
            link.close(.closedHere("done"))
        }
    }

    @Test(
        "frames sent from many threads, the lane among them, arrive whole, those of one thread in their order"
    )
    func manyThreads() async throws {
        try await withLanes(2) { lanes in
            let (near, far) = try makeSocketPair()
            let link = await startLink(near, on: lanes[0], Recorder())
            let receiver = Recorder()
            _ = await startLink(far, on: lanes[1], receiver)
            let (threadCount, frameCount) = (5, 400)
            @Sendable func sendAll(_ thread: Int) {
                for number in 0..<frameCount {
                    let body =
                        [UInt8(thread)] + [UInt8](repeating: UInt8(number & 0xFF), count: (number * 37) % 900)
                    link.send(Frame(FrameHead(.call, detail: UInt16(thread), number: UInt32(number)), body))
                }
            }
            lanes[0].execute { sendAll(0) }
            for thread in 1..<threadCount { startThread(named: "sender") { sendAll(thread) } }
            try await eventually { receiver.frames.count == threadCount * frameCount }
            for thread in 0..<threadCount {
                let frames = receiver.frames.filter { $0.head.detail == UInt16(thread) }
                #expect(frames.map(\.head.number) == (0..<UInt32(frameCount)).map { $0 })
                #expect(
                    frames.allSatisfy { frame in
                        let number = Int(frame.head.number)
                        return frame.body.count == 1 + (number * 37) % 900
                            && frame.body.dropFirst().allSatisfy { $0 == UInt8(number & 0xFF) }
                    }
                )
            }
            link.close(.closedHere("done"))
        }
    }

    @Test("a peer that does not read makes the link congested, and `drained` comes once it reads")
    func backPressure() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            var limits = LinkLimits()
            limits.highWatermark = 1 << 20
            limits.lowWatermark = 1 << 18
            let sender = Recorder()
            let link = await startLink(near, on: lanes[0], limits: limits, sender)
            let frame = call(1, [UInt8](repeating: 3, count: 50_000))
            var sentCount = 0
            // A sender that heeds the sign keeps the queue under the mark and a frame, whatever the socket holds itself.
            while !link.isCongested {
                link.send(frame)
                sentCount += 1
                try #require(sentCount < 1_000, "the link was never congested")
            }
            #expect(sender.seen.drainedCount == 0)
            #expect(link.isCongested)

            var cutter = FrameCutter()
            var receivedCount = 0
            try await eventually {
                while case .bytes(let bytes) = peer.receive() {
                    receivedCount += try cutter.take(bytes).count
                }
                return receivedCount == sentCount
            }
            try await eventually { sender.seen.drainedCount == 1 }
            #expect(!link.isCongested)
            // It begins anew.
            link.send(call(2, [1]))
            try await eventually {
                guard case .bytes(let bytes) = peer.receive() else { return false }
                return try cutter.take(bytes) == [call(2, [1])]
            }
            #expect(sender.seen.drainedCount == 1)
            link.close(.closedHere("done"))
        }
    }

    @Test("a link under the mark is not congested, and `drained` is not told")
    func notCongested() async throws {
        try await withLanes(2) { lanes in
            let (near, far) = try makeSocketPair()
            let sender = Recorder()
            let link = await startLink(near, on: lanes[0], sender)
            let receiver = Recorder()
            _ = await startLink(far, on: lanes[1], receiver)
            for number in 0..<200 as Range<UInt32> {
                link.send(call(number, [UInt8](repeating: 1, count: 1_000)))
            }
            try await eventually { receiver.frames.count == 200 }
            #expect(!link.isCongested)
            #expect(sender.seen.drainedCount == 0)
            link.close(.closedHere("done"))
        }
    }

    @Test("a paused link delivers nothing until every pause has been taken back")
    func pause() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            let receiver = Recorder()
            let link = await startLink(near, on: lanes[0], receiver)
            link.pauseReading()
            link.pauseReading()
            peer.send(call(1).bytes)
            // Turns of the lane that would deliver, if anything did.
            for _ in 0..<20 { await on(lanes[0]) {} }
            #expect(receiver.frames.isEmpty)
            link.resumeReading()
            for _ in 0..<20 { await on(lanes[0]) {} }
            #expect(receiver.frames.isEmpty)
            // Sending goes on meanwhile.
            link.send(call(2))
            try await eventually { peer.receive() != .nothing }
            link.resumeReading()
            try await eventually { receiver.frames == [call(1)] }
            link.close(.closedHere("done"))
        }
    }

    @Test("closing tells both handlers, each exactly once, and nothing can be sent after it")
    func closeHere() async throws {
        try await withLanes(2) { lanes in
            let (near, far) = try makeSocketPair()
            let (here, there) = (Recorder(), Recorder())
            let link = await startLink(near, on: lanes[0], here)
            let other = await startLink(far, on: lanes[1], there)
            for reason in 0..<5 {
                startThread(named: "closer") { link.close(.closedHere("reason \(reason)")) }
            }
            try await eventually { here.failures.count == 1 && there.failures.count == 1 }
            guard case .closedHere = here.failures[0] else {
                Issue.record("\(here.failures)")
                return
            }
            #expect(there.failures == [.peerClosed])
            #expect(!link.send(call(1)))
            #expect(!other.send(call(1)))
            link.close(.closedHere("late"))
            other.close(.closedHere("late"))
            for lane in lanes { await on(lane) {} }
            #expect(here.failures.count == 1)
            #expect(there.failures.count == 1)
        }
    }

    @Test("frames that arrive in one read with the one on which the handler closes are not delivered")
    func closeInHandler() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            let receiver = Recorder { frame, link in
                if frame.head.number == 2 { link.close(.closedHere("enough")) }
            }
            let link = await startLink(near, on: lanes[0], receiver)
            peer.send([1, 2, 3, 4].flatMap { call($0).bytes })
            try await eventually { receiver.failures == [.closedHere("enough")] }
            #expect(receiver.frames == [call(1), call(2)])
            #expect(receiver.seen.receivedAfterEnd == 0)
            #expect(peer.receive() == .end)
            _ = link
        }
    }

    @Test("frames that came before the peer's end are delivered, then the end is told")
    func peerCloses() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            let receiver = Recorder()
            let link = await startLink(near, on: lanes[0], receiver)
            peer.send(call(1).bytes + call(2).bytes.dropLast(3))
            peer.close()
            try await eventually { !receiver.failures.isEmpty }
            #expect(receiver.failures == [.peerClosed])
            #expect(receiver.frames == [call(1)])
            #expect(!link.send(call(3)))
        }
    }

    @Test("a sender learns of the peer's end, whether it reads or writes first")
    func sendToDeadPeer() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let sender = Recorder()
            let link = await startLink(near, on: lanes[0], sender)
            link.pauseReading()
            RawSocket(far).close()
            try await eventually {
                link.send(call(1))
                return !sender.failures.isEmpty
            }
            #expect(sender.failures == [.peerClosed])
        }
    }

    @Test("a peer that ends before it has read everything has closed the link, like any other")
    func peerEndsWithUnreadBytes() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            let sender = Recorder()
            let link = await startLink(near, on: lanes[0], sender)
            #expect(link.send(call(1)))
            peer.close()
            try await eventually { !sender.failures.isEmpty }
            #expect(sender.failures == [.peerClosed])
        }
    }

    @Test("a ping is answered with a pong of its number; the handler receives pongs but those of heartbeats")
    func ping() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            let receiver = Recorder()
            let link = await startLink(near, on: lanes[0], receiver)
            peer.send(Frame(FrameHead(.ping, number: 77)).bytes + Frame(FrameHead(.pong, number: 0)).bytes)
            peer.send(Frame(FrameHead(.pong, number: 78)).bytes)
            var cutter = FrameCutter()
            var answers: [Frame] = []
            try await eventually {
                if case .bytes(let bytes) = peer.receive() { answers += try cutter.take(bytes) }
                return !answers.isEmpty
            }
            #expect(answers == [Frame(FrameHead(.pong, number: 77))])
            try await eventually { !receiver.frames.isEmpty }
            #expect(receiver.frames == [Frame(FrameHead(.pong, number: 78))])
            link.close(.closedHere("done"))
        }
    }

    @Test("a peer that answers no heartbeat is given up as silent")
    func silent() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)  // does not read: a frozen process
            var limits = LinkLimits()
            limits.heartbeat = LinkLimits.Heartbeat(interval: .milliseconds(20), bound: .milliseconds(100))
            let receiver = Recorder()
            let link = await startLink(near, on: lanes[0], limits: limits, receiver)
            try await eventually { !receiver.failures.isEmpty }
            guard case .silent(let duration) = receiver.failures[0] else {
                Issue.record("\(receiver.failures)")
                return
            }
            #expect(duration >= .milliseconds(100))
            guard case .bytes(let bytes) = peer.receive() else {
                Issue.record("no heartbeat was sent")
                return
            }
            var cutter = FrameCutter()
            #expect(try cutter.take(bytes).allSatisfy { $0.head.kind == .ping })
            _ = link
        }
    }

    @Test("peers that answer heartbeats stay connected, also when only one side sends them")
    func alive() async throws {
        try await withLanes(2) { lanes in
            let (near, far) = try makeSocketPair()
            var limits = LinkLimits()
            limits.heartbeat = LinkLimits.Heartbeat(interval: .milliseconds(5), bound: .seconds(20))
            let (here, there) = (Recorder(), Recorder())
            // The far side counts the pings that it has answered.
            let pings = Atomic<Int>(0)
            let peer = RawSocket(far)
            let link = await startLink(near, on: lanes[0], limits: limits, here)
            var cutter = FrameCutter()
            try await eventually {
                guard case .bytes(let bytes) = peer.receive() else { return false }
                for frame in try cutter.take(bytes) where frame.head.kind == .ping {
                    pings.add(1, ordering: .relaxed)
                    peer.send(Frame(FrameHead(.pong, number: frame.head.number)).bytes)
                }
                return pings.load(ordering: .relaxed) >= 10
            }
            #expect(here.failures.isEmpty)
            link.close(.closedHere("done"))
            _ = there
        }
    }

    @Test("a peer that breaks the protocol loses its link; other links of the lane go on")
    func protocolViolation() async throws {
        try await withLanes(1) { lanes in
            let (badNear, badFar) = try makeSocketPair()
            let (goodNear, goodFar) = try makeSocketPair()
            let (bad, good) = (RawSocket(badFar), RawSocket(goodFar))
            let (badHandler, goodHandler) = (Recorder(), Recorder())
            let badLink = await startLink(badNear, on: lanes[0], badHandler)
            let goodLink = await startLink(goodNear, on: lanes[0], goodHandler)
            bad.send(call(1).bytes + [8, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0])
            try await eventually { !badHandler.failures.isEmpty }
            guard case .protocolViolation(let what) = badHandler.failures[0] else {
                Issue.record("\(badHandler.failures)")
                return
            }
            #expect(what.contains("200"))
            #expect(badHandler.frames == [call(1)])
            good.send(call(2).bytes)
            try await eventually { goodHandler.frames == [call(2)] }
            #expect(goodHandler.failures.isEmpty)
            goodLink.close(.closedHere("done"))
            _ = badLink
        }
    }

    @Test(
        "what the greeting read beyond itself is delivered before what comes later, also in the middle of a frame"
    )
    func leftover() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            let receiver = Recorder()
            let bytes = call(1, [1, 2, 3]).bytes + call(2, [4, 5, 6]).bytes
            let link = await startLink(near, on: lanes[0], received: Array(bytes[..<20]), receiver)
            peer.send(Array(bytes[20...]))
            try await eventually { receiver.frames.count == 2 }
            #expect(receiver.frames == [call(1, [1, 2, 3]), call(2, [4, 5, 6])])
            link.close(.closedHere("done"))
        }
    }

    @Test("a link whose lane has stopped can be closed, and its handler is told")
    func closeAfterStop() async throws {
        let lane = Lane(name: "test", index: 0)
        let (near, far) = try makeSocketPair()
        let peer = RawSocket(far)
        let receiver = Recorder()
        let link = await startLink(near, on: lane, receiver)
        await lane.stop()
        link.close(.closedHere("over"))
        try await eventually { receiver.failures == [.closedHere("over")] }
        // A process that another test is just starting has the descriptor too, until it runs its own program.
        try await eventually { peer.receive() == .end }
    }
}
