import Glibc
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Testing

@Suite("a network that fails", .timeLimit(.minutes(10)))
struct NetworkFaultsTests {
    private let peer = ProcessID.newHost()

    /// A link that fails with `faults`, and the other end of it.
    private func makeLink(
        _ faults: NetworkFaults,
        on lane: Lane,
        limits: LinkLimits = LinkLimits(),
        _ recorder: Recorder
    ) async throws -> (Link, RawSocket) {
        let (near, far) = try makeSocketPair()
        let link = await startLink(near, on: lane, limits: limits, recorder)
        await on(lane) { [peer] in faults.entered(link, to: peer.child(7)) }
        return (link, RawSocket(far))
    }

    @Test("no byte passes a cut link in either direction, and after the healing all do, in order")
    func holds() async throws {
        try await withLanes(1) { lanes in
            let faults = NetworkFaults()
            let recorder = Recorder()
            let (link, far) = try await makeLink(faults, on: lanes[0], recorder)
            await faults.cut(from: [peer])
            let frames = (0..<50).map { Frame(FrameHead(.call, number: $0), [1, 2, 3]) }
            for frame in frames[..<25] { #expect(link.send(frame)) }
            await on(lanes[0]) { for frame in frames[25...] { link.send(frame) } }
            far.send(frames[0].bytes)
            // A turn of the lane, in which it would have read and written.
            await on(lanes[0]) {}
            #expect(far.receive() == .nothing)
            #expect(recorder.frames.isEmpty)
            await faults.heal()
            var (cutter, received) = (FrameCutter(), [Frame]())
            try await eventually {
                if case .bytes(let bytes) = far.receive() { received += try cutter.take(bytes) }
                return received.count == frames.count
            }
            #expect(received == frames)
            try await eventually { recorder.frames == [frames[0]] }
            link.close(.closedHere("done"))
        }
    }

    @Test("the end of either side is known to the other after the healing")
    func ends() async throws {
        try await withLanes(1) { lanes in
            let faults = NetworkFaults()
            let (left, right) = (Recorder(), Recorder())
            let (closing, far) = try await makeLink(faults, on: lanes[0], left)
            let (open, gone) = try await makeLink(faults, on: lanes[0], right)
            await faults.cut(from: [peer])
            closing.close(.closedHere("the test"))
            try await eventually { left.failures.count == 1 }
            gone.close()
            await on(lanes[0]) {}
            #expect(far.receive() == .nothing)
            #expect(right.failures.isEmpty)
            await faults.heal()
            #expect(far.receive() == .end)
            try await eventually { right.failures == [.peerClosed] }
            withExtendedLifetime(open) {}
        }
    }

    @Test("a cut link is silent, and new ones are cut too; those to others are not")
    func silence() async throws {
        try await withLanes(1) { lanes in
            let faults = NetworkFaults()
            await faults.cut(from: [peer])
            #expect(faults.isCut(peer.child(1)) && !faults.isCut(ProcessID.newHost()))
            var limits = LinkLimits()
            limits.heartbeat = .init(interval: .milliseconds(5), bound: .milliseconds(20))
            let recorder = Recorder()
            let (_, far) = try await makeLink(faults, on: lanes[0], limits: limits, recorder)
            try await eventually { recorder.failures.count == 1 }
            guard case .silent = recorder.failures.first else {
                Issue.record("\(recorder.failures)")
                return
            }
            // Pings may have gone out before the link was cut; that it has closed is not seen.
            var received = far.receive()
            while case .bytes = received { received = far.receive() }
            #expect(received == .nothing)
            await faults.heal()
            #expect(far.receive() != .nothing)
        }
    }

    @Test("processes are known by their hosts")
    func hosts() {
        let other = ProcessID.newHost()
        #expect(peer.host == peer && peer.child(1).host == peer && peer.child(1) != peer)
        #expect(peer.child(1 << 24 - 1).host == peer && peer.child(1 << 24) == peer.child(1))
        #expect(other.child(1).host != peer)
    }
}
