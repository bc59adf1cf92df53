import MantaCore
import MantaTransport
import MantaWire
import Testing

@Suite("greeting")
struct GreetingTests {
    private static let greeting = Greeting(
        lane: 3,
        cluster: 0x1122_3344_5566_7788,
        process: ProcessID(0xA1),
        target: ProcessID(0xB2),
        buildID: [0xDE, 0xAD, 0xBE]
    )

    private func bytes(_ greeting: Greeting, _ kind: FrameKind = .hello) -> [UInt8] {
        let writer = ByteWriter()
        greeting.append(as: kind, to: writer)
        return Array(writer.bytes)
    }

    private func read(version: UInt16 = 1, _ body: [UInt8]) throws -> Greeting {
        try body.withUnsafeBytes { body in try Greeting(FrameHead(.hello, detail: version), body: body) }
    }

    private func changed(_ change: (inout Greeting) -> Void) -> Greeting {
        var greeting = Self.greeting
        change(&greeting)
        return greeting
    }

    @Test("a greeting has its golden bytes", arguments: [(FrameKind.hello, 6 as UInt8), (.welcome, 7)])
    func golden(kind: FrameKind, number: UInt8) {
        var expected: [UInt8] = [43, 0, 0, 0]  // length
        expected += [number, 0, 1, 0, 0, 0, 0, 0]  // kind, flags, version, number
        expected += Array("MNTA".utf8)
        expected += [1, 0, 3, 3]  // oldest version, lane, length of the build id
        expected += [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]  // cluster
        expected += [0xA1, 0, 0, 0, 0, 0, 0, 0] + [0xB2, 0, 0, 0, 0, 0, 0, 0]  // sender, target
        expected += [0xDE, 0xAD, 0xBE]
        #expect(bytes(Self.greeting, kind) == expected)
    }

    @Test("a greeting is read as it was written")
    func roundTrip() throws {
        #expect(try read(Array(bytes(Self.greeting).dropFirst(FrameHead.byteCount))) == Self.greeting)
    }

    @Test("a longer build id is cut to 64 bytes")
    func longBuildID() {
        let greeting = Greeting(
            lane: 0,
            cluster: 1,
            process: ProcessID(1),
            target: ProcessID(0),
            buildID: [UInt8](repeating: 9, count: 300)
        )
        #expect(greeting.buildID.count == 64)
        #expect(bytes(greeting).count == 44 + 64)
    }

    @Test("a greeting that ends too early is truncated", arguments: 0..<35)
    func truncated(count: Int) {
        let body = bytes(Self.greeting).dropFirst(FrameHead.byteCount).prefix(count)
        let error = #expect(throws: WireError.self) { try read(Array(body)) }
        #expect(error?.code == .truncated)
    }

    @Test("a greeting with another magic is malformed")
    func wrongMagic() {
        var body = Array(bytes(Self.greeting).dropFirst(FrameHead.byteCount))
        body[0] ^= 1
        #expect(throws: WireError(.malformed, "the greeting is not one of Manta's")) { try read(body) }
    }

    @Test("fields that a later version adds behind the build id are passed over")
    func longer() throws {
        #expect(
            try read(Array(bytes(Self.greeting).dropFirst(FrameHead.byteCount)) + [1, 2, 3]) == Self.greeting
        )
    }

    // MARK: Who is refused

    private func side(oldest: UInt16, newest: UInt16, process: UInt64) -> Greeting {
        changed {
            $0.oldestVersion = oldest
            $0.version = newest
            $0.process = ProcessID(process)
            $0.target = ProcessID(0)
        }
    }

    @Test(
        "sides whose versions overlap accept each other",
        arguments: [(1, 1, 1, 1), (1, 3, 3, 5), (3, 5, 1, 3), (1, 9, 4, 5), (4, 5, 1, 9)]
            as [(UInt16, UInt16, UInt16, UInt16)]
    )
    func overlap(oldest: UInt16, newest: UInt16, peerOldest: UInt16, peerNewest: UInt16) {
        let here = side(oldest: oldest, newest: newest, process: 1)
        let there = side(oldest: peerOldest, newest: peerNewest, process: 2)
        #expect(here.refusal(of: there) == nil)
        #expect(there.refusal(of: here) == nil)
    }

    @Test(
        "sides whose versions do not overlap refuse each other, and name the versions and processes of both",
        arguments: [(1, 2, 3, 4), (3, 4, 1, 2), (0, 0, 65_535, 65_535)] as [(UInt16, UInt16, UInt16, UInt16)]
    )
    func noOverlap(oldest: UInt16, newest: UInt16, peerOldest: UInt16, peerNewest: UInt16) throws {
        let here = side(oldest: oldest, newest: newest, process: 0xAAAA)
        let there = side(oldest: peerOldest, newest: peerNewest, process: 0xBBBB)
        for error in [try #require(here.refusal(of: there)), try #require(there.refusal(of: here))] {
            #expect(error.code == .incompatible)
            #expect(error.outcome == .notExecuted)
            for part in [
                "process-aaaa", "process-bbbb", "\(oldest) to \(newest)", "\(peerOldest) to \(peerNewest)",
            ] {
                #expect(error.message.contains(part))
            }
        }
    }

    @Test("a peer of another cluster is incompatible, and both clusters are named")
    func otherCluster() throws {
        let error = try #require(
            Self.greeting.refusal(
                of: changed {
                    $0.cluster = 77; $0.target = ProcessID(0)
                }
            )
        )
        #expect(error.code == .incompatible)
        #expect(error.message.contains("cluster 77"))
        #expect(error.message.contains("cluster \(Self.greeting.cluster)"))
    }

    @Test("a peer that looks for another process is told who answers")
    func otherTarget() throws {
        let peer = changed {
            $0.process = ProcessID(0xC3)
            $0.target = ProcessID(0xD4)
        }
        let error = try #require(Self.greeting.refusal(of: peer))
        #expect(error.code == .notConnected)
        #expect(error.outcome == .notExecuted)
        for part in ["process-c3", "process-d4", "process-a1"] { #expect(error.message.contains(part)) }
    }

    @Test(
        "a peer that looks for whoever answers, or for this process, is accepted",
        arguments: [0, 0xA1] as [UInt64]
    )
    func rightTarget(target: UInt64) {
        #expect(Self.greeting.refusal(of: changed { $0.target = ProcessID(target) }) == nil)
    }
}
