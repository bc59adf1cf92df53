import Glibc
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Testing

/// Random bytes and changed frames into everything that reads from a peer: any outcome but a trap is right, and others go on.
@Suite("fuzzing links and greetings", .timeLimit(.minutes(10)))
struct FuzzTests {
    private static let greeting = ListenerFixture.greeting(
        of: ProcessID(0x22),
        target: ListenerFixture.process
    )

    private static let corpus: [[UInt8]] = {
        let name = Array("$s1m3GenC3fooyyxYaKFTE".utf8)
        let writer = ByteWriter()
        for kind in [FrameKind.hello, .welcome] { greeting.append(as: kind, to: writer) }
        let frames = [
            Frame(
                FrameHead(.call, flags: .wantsStarted, detail: 1, number: 3),
                [UInt8](repeating: 0x61, count: 60)
            ),
            Frame(FrameHead(.reply, detail: 0, number: 4), [0x18, 0x2A]),
            Frame(FrameHead(.reply, detail: 2, number: 5), name),
            Frame(FrameHead(.name, number: 1), name), Frame(FrameHead(.cancel, number: 3)),
            Frame(FrameHead(.started, number: 3)),
            Frame(FrameHead(.ping, number: 9)),
            Frame(FrameHead(.call, number: 6), [UInt8](repeating: 7, count: 3_000)),
        ]
        return frames.map(\.bytes) + [Array(writer.bytes)]
    }()

    private func makeInput(_ random: inout SeededRandom) -> [UInt8] {
        guard !random.chance(percent: 15) else {
            return random.bytes(Int.random(in: 0...200, using: &random))
        }
        var input: [UInt8] = []
        for _ in 0...Int.random(in: 0...5, using: &random) {
            input += Self.corpus.randomElement(using: &random) ?? []
        }
        guard !random.chance(percent: 10) else { return input }
        for _ in 0...Int.random(in: 0...3, using: &random) where !input.isEmpty {
            let index = Int.random(in: 0..<input.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: input[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: input[index] = UInt8.random(in: 0...255, using: &random)
            case 2: input.remove(at: index)
            case 3: input.insert(contentsOf: random.bytes(5), at: index)
            case 4: input.removeSubrange(index...)
            default: input[min(index, 3)] = [0, 7, 8, 0x7F, 0xFF].randomElement(using: &random) ?? 0
            }
        }
        return input
    }

    /// The frames at the start of `bytes`, read the plain way, and whether what follows them is refused.
    private func frames(of bytes: [UInt8], limit: Int) -> (frames: [Frame], isRefused: Bool) {
        var frames: [Frame] = []
        var rest = bytes[...]
        while rest.count >= 12 {
            let head = Array(rest.prefix(12))
            let length = (0..<4).reduce(0) { $0 | Int(head[$1]) << (8 * $1) }
            guard length >= 8, length <= limit, let kind = FrameKind(rawValue: head[4]) else {
                return (frames, true)
            }
            guard rest.count >= 4 + length else { break }
            let detail = UInt16(head[6]) | UInt16(head[7]) << 8
            let number = (0..<4).reduce(UInt32(0)) { $0 | UInt32(head[8 + $1]) << UInt32(8 * $1) }
            frames.append(
                Frame(
                    FrameHead(kind, flags: FrameFlags(rawValue: head[5]), detail: detail, number: number),
                    Array(rest.dropFirst(12).prefix(length - 8))
                )
            )
            rest = rest.dropFirst(4 + length)
        }
        return (frames, false)
    }

    @Test(
        "a link's input cuts any bytes as the plainest reader does, however they arrive",
        arguments: 1...4 as ClosedRange<UInt64>
    )
    func input(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var limits = LinkLimits()
        limits.frameByteCount = 1 << 16
        var (readCount, refusedCount) = (0, 0)
        for round in 0..<2_000 {
            let input = makeInput(&random)
            let expected = frames(of: input, limit: limits.frameByteCount)
            let greetingRest =
                random.chance(percent: 20) ? Int.random(in: 0...min(input.count, 1_000), using: &random) : 0
            let harness = InputHarness(
                limits: limits,
                received: Array(input.prefix(greetingRest)),
                bufferByteCount: 4096
            )
            var rest = input.dropFirst(greetingRest)
            var isRefused = false
            do {
                try harness.begin()
                while !rest.isEmpty {
                    let count = Int.random(in: 1...(random.chance(percent: 50) ? 9_000 : 7), using: &random)
                    try harness.receive(Array(rest.prefix(count)))
                    rest = rest.dropFirst(count)
                }
            } catch {
                isRefused = true
                refusedCount += 1
            }
            #expect(harness.frames == expected.frames, "seed \(seed), round \(round)")
            #expect(isRefused == expected.isRefused, "seed \(seed), round \(round)")
            readCount += harness.frames.count
        }
        #expect(
            readCount > 1_000 && refusedCount > 200,
            "a fuzzer whose every input has the same end tests nothing"
        )
    }

    @Test(
        "whatever peers send over live links, they end, and the other links go on",
        arguments: [11, 12] as [UInt64]
    )
    func links(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        try await withLanes(2) { lanes in
            let (near, far) = try makeSocketPair()
            let good = Recorder()
            let goodLink = await startLink(near, on: lanes[0], good)
            _ = await startLink(
                far,
                on: lanes[1],
                Recorder { frame, link in link.send(Frame(FrameHead(.reply, number: frame.head.number))) }
            )
            var limits = LinkLimits()
            limits.frameByteCount = 1 << 16
            for round in 0..<500 {
                let (near, far) = try makeSocketPair()
                let peer = RawSocket(far)
                let victim = Recorder()
                let link = await startLink(near, on: lanes[0], limits: limits, victim)
                for _ in 0...Int.random(in: 0...3, using: &random) { peer.send(makeInput(&random)) }
                if round % 10 == 0 { goodLink.send(Frame(FrameHead(.call, number: UInt32(round)))) }
                if random.chance(percent: 30) { link.close(.closedHere("enough")) } else { peer.close() }
                try await eventually { victim.failures.count == 1 }
                #expect(victim.seen.receivedAfterEnd == 0)
            }
            try await eventually { good.frames.count == 50 }
            #expect(good.failures.isEmpty)
            goodLink.close(.closedHere("done"))
        }
    }

    @Test(
        "whatever peers say in the place of a greeting, each is answered or cut off, and others are welcome",
        arguments: [21, 22] as [UInt64]
    )
    func greetings(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let writer = ByteWriter()
        Self.greeting.append(as: .hello, to: writer)
        let hello = Array(writer.bytes)
        try await withListener { fixture, lane in
            var ended = 0
            for round in 0..<500 {
                let peer = try RawSocket(connectingTo: fixture.path)
                var input = random.chance(percent: 20) ? makeInput(&random) : hello
                for _ in 0..<Int.random(in: 0...3, using: &random) where !input.isEmpty {
                    input[Int.random(in: 0..<input.count, using: &random)] = UInt8.random(
                        in: 0...255,
                        using: &random
                    )
                }
                peer.send(
                    Array(
                        input.prefix(
                            random.chance(percent: 20) ? Int.random(in: 0...60, using: &random) : .max
                        )
                    )
                )
                peer.shutdownWriting()
                ended += 1
                try await eventually {
                    fixture.accepted.entries.count + fixture.refused.entries.count == ended
                }
                if round % 100 == 0 {
                    try await connect(to: .unix(path: fixture.path), on: lane, greeting: Self.greeting)
                        .discard()
                    ended += 1
                }
            }
            try await eventually { fixture.accepted.entries.count + fixture.refused.entries.count == ended }
            #expect(fixture.accepted.entries.count > 20 && fixture.refused.entries.count > 100)
        }
    }

    @Test("whatever answers a hello, the caller gets a welcome or an error", arguments: [31] as [UInt64])
    func answers(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let writer = ByteWriter()
        ListenerFixture.greeting().append(as: .welcome, to: writer)
        let welcome = Array(writer.bytes)
        let rejection = Frame(
            FrameHead(.reject, detail: 1),
            try CBOR.encode(ClusterError(.incompatible, "message", hint: "hint", outcome: .notExecuted))
        ).bytes
        try await withLanes(1) { lanes in
            var (welcomed, failed) = (0, 0)
            for _ in 0..<500 {
                let (near, far) = try makeSocketPair()
                let peer = RawSocket(far)
                var input = random.chance(percent: 50) ? welcome : rejection
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    input[Int.random(in: 0..<input.count, using: &random)] = UInt8.random(
                        in: 0...255,
                        using: &random
                    )
                }
                peer.send(input)
                peer.shutdownWriting()
                do {
                    try await greet(over: Socket(near), on: lanes[0], greeting: Self.greeting).discard()
                    welcomed += 1
                } catch {
                    failed += 1
                }
            }
            #expect(welcomed > 20 && failed > 100)
        }
    }
}
