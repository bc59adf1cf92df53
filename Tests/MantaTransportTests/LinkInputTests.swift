import MantaCore
import MantaTestSupport
import MantaWire
import Testing

@testable import MantaTransport

/// Feeds a link's input as its lane does.
final class InputHarness {
    let input: LinkInput
    private let shared: UnsafeMutableRawBufferPointer
    private(set) var frames: [Frame] = []
    /// How many frames came in memory of their own.
    private(set) var ownedCount = 0
    /// Where the last bytes were received: in the shared buffer, or in a frame's own memory.
    private(set) var receivedInPlace = false
    /// Stops after this many frames, as a handler that closes the link.
    var closeAfter = Int.max

    init(limits: LinkLimits = LinkLimits(), received: [UInt8] = [], bufferByteCount: Int = 4096) {
        input = LinkInput(limits: limits, received: received)
        shared = .allocate(byteCount: bufferByteCount, alignment: 64)
    }

    deinit { shared.deallocate() }

    /// Receives `bytes` in as many reads as the space that the input offers makes necessary.
    func receive(_ bytes: [UInt8]) throws(WireError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let space = input.space(in: shared)
            let count = min(space.count, rest.count)
            space.copyBytes(from: rest.prefix(count))
            receivedInPlace =
                shared.baseAddress.map { start in
                    space.baseAddress.map { $0 < start || $0 >= start + shared.count } ?? false
                } ?? false
            rest = rest.dropFirst(count)
            try consume(count)
        }
    }

    /// Takes what the greeting left.
    func begin() throws(WireError) { try consume(0) }

    private func consume(_ count: Int) throws(WireError) {
        var taken: [(Frame, Bool)] = []
        let known = frames.count
        defer {
            frames += taken.map(\.0)
            ownedCount += taken.count { $0.1 }
        }
        try input.consume(count: count, in: shared) { head, body in
            let isOwned = if case .owned = body { true } else { false }
            taken.append((Frame(head, Array(body.bytes)), isOwned))
            if known + taken.count >= closeAfter { input.isClosed = true }
        }
    }
}

@Suite("link input")
struct LinkInputTests {
    static let stream = [
        Frame(FrameHead(.ping, number: 1)),
        Frame(FrameHead(.name, number: 2), Array("$s1m3GenC3fooyyxYaKFTE".utf8)),
        Frame(FrameHead(.call, flags: .wantsStarted, detail: 1, number: 3), (0..<60).map { UInt8($0) }),
        Frame(FrameHead(.reply, detail: 2, number: 4), [0xF6]),
        Frame(FrameHead(.cancel, number: 5)),
    ]

    @Test(
        "frames cut at any byte arrive whole and in order",
        arguments: 0...Self.stream.flatMap(\.bytes).count
    )
    func cutOnce(place: Int) throws {
        let bytes = Self.stream.flatMap(\.bytes)
        let harness = InputHarness()
        try harness.receive(Array(bytes[..<place]))
        try harness.receive(Array(bytes[place...]))
        #expect(harness.frames == Self.stream)
    }

    @Test("frames that arrive byte by byte arrive whole and in order")
    func byteByByte() throws {
        let harness = InputHarness()
        for byte in Self.stream.flatMap(\.bytes) { try harness.receive([byte]) }
        #expect(harness.frames == Self.stream)
        #expect(harness.ownedCount == 0)
    }

    @Test("a frame is delivered with its last byte, not later")
    func lastByte() throws {
        let bytes = Self.stream[2].bytes
        let harness = InputHarness()
        try harness.receive(bytes.dropLast())
        #expect(harness.frames.isEmpty)
        try harness.receive([bytes.last ?? 0])
        #expect(harness.frames == [Self.stream[2]])
    }

    @Test("a large frame is received straight into its own memory, and what follows it is not lost")
    func large() throws {
        let large = Frame(
            FrameHead(.reply, number: 9),
            (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        )
        let small = Frame(FrameHead(.ping, number: 10))
        let harness = InputHarness(bufferByteCount: 4096)
        try harness.receive(Array(large.bytes[..<2_000]))
        try harness.receive(Array(large.bytes[2_000..<30_000]))
        #expect(harness.receivedInPlace)
        try harness.receive(Array(large.bytes[30_000...]) + small.bytes)
        #expect(harness.frames == [large, small])
        #expect(harness.ownedCount == 1)
        #expect(!harness.receivedInPlace)
    }

    @Test(
        "frames around the sizes at which memory of their own begins arrive whole",
        arguments: [1_000, 1_011, 1_012, 1_013, 1_024, 4_083, 4_084, 4_085, 4_096, 8_192]
    )
    func sizes(byteCount: Int) throws {
        let frame = Frame(
            FrameHead(.reply, number: 9),
            (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        )
        let bytes = frame.bytes + Self.stream[0].bytes + frame.bytes
        for place in [
            1, 11, 12, 13, byteCount / 2, frame.bytes.count - 1, frame.bytes.count, frame.bytes.count + 5,
        ] {
            let harness = InputHarness(bufferByteCount: 4096)
            try harness.receive(Array(bytes[..<place]))
            try harness.receive(Array(bytes[place...]))
            #expect(harness.frames == [frame, Self.stream[0], frame], "cut at \(place)")
        }
    }

    @Test(
        "what the greeting read beyond itself is delivered first",
        arguments: 0...Self.stream.flatMap(\.bytes).count
    )
    func leftover(place: Int) throws {
        let bytes = Self.stream.flatMap(\.bytes)
        let harness = InputHarness(received: Array(bytes[..<place]))
        #expect(harness.input.hasLeftover == (place > 0))
        try harness.begin()
        try harness.receive(Array(bytes[place...]))
        #expect(harness.frames == Self.stream)
    }

    @Test("a length over the limit is refused as soon as the head is there")
    func oversized() throws {
        var limits = LinkLimits()
        limits.frameByteCount = 1_000
        let harness = InputHarness(limits: limits)
        try harness.receive(Frame(FrameHead(.reply), [UInt8](repeating: 0, count: 992)).bytes)
        #expect(harness.frames.count == 1)
        let head = Array(Frame(FrameHead(.reply), [UInt8](repeating: 0, count: 993)).bytes.prefix(12))
        let error = receiveFailing(harness, head)
        #expect(error?.code == .tooLarge)
        #expect(error?.message.contains("1001") == true)
    }

    @Test("a length shorter than the head is malformed", arguments: 0..<8 as Range<UInt8>)
    func short(length: UInt8) {
        let harness = InputHarness()
        #expect(receiveFailing(harness, [length, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0])?.code == .malformed)
        #expect(harness.frames.isEmpty)
    }

    @Test("a frame of an unknown kind is malformed, and the frames before it have been delivered")
    func unknownKind() {
        let harness = InputHarness()
        let error = receiveFailing(harness, Self.stream[0].bytes + [8, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0])
        #expect(error?.code == .malformed)
        #expect(harness.frames == [Self.stream[0]])
    }

    @Test("frames behind the one on which the handler closes the link are dropped", arguments: 1...4)
    func closing(count: Int) throws {
        let harness = InputHarness()
        harness.closeAfter = count
        try harness.receive(Self.stream.flatMap(\.bytes))
        #expect(harness.frames == Array(Self.stream.prefix(count)))
    }

    private func receiveFailing(_ harness: InputHarness, _ bytes: [UInt8]) -> WireError? {
        do {
            try harness.receive(bytes)
            Issue.record("nothing was refused")
            return nil
        } catch {
            return error
        }
    }
}
