import MantaObjectTransfer
import Testing

@Suite struct CompressionChoiceTests {
    /// 3 GB/s or so, as a local socket, and 100 Mbit/s.
    private static let fast = 3e9
    private static let slow = 12e6

    @Test("on a fast link text goes plain and zeros compressed")
    func fastLink() {
        #expect(SimulatedLink(speed: Self.fast).send(.text).compressedShare < 0.01)
        #expect(SimulatedLink(speed: Self.fast).send(.zeros).compressedShare > 0.9)
    }

    @Test("on a slow link both go compressed")
    func slowLink() {
        #expect(SimulatedLink(speed: Self.slow).send(.text).compressedShare > 0.9)
        #expect(SimulatedLink(speed: Self.slow).send(.zeros).compressedShare > 0.9)
    }

    @Test("what cannot be compressed goes plain, and probes take less than 2 %", arguments: [fast, slow])
    func incompressible(speed: Double) {
        let run = SimulatedLink(speed: speed).send(.random)
        #expect(run.compressedShare == 0)
        #expect(run.probeSeconds < 0.02 * run.seconds)
    }

    @Test("what is tiny is not compressed")
    func tiny() {
        let choice = CompressionChoice()
        #expect(choice.step(byteCount: 100) == .plain)
        #expect(choice.step(byteCount: 1 << 20) == .probe)
    }

    @Test("a new link is not fast because its buffer is: the first chunks of records are compressed too")
    func newLink() {
        for count in [1, 4, 16] {
            var link = SimulatedLink(speed: Self.slow, bufferByteCount: 8 << 20)
            #expect(link.transmit(.records, chunkCount: count).compressedShare == 1, "of \(count)")
        }
    }

    @Test("what was found of one object says nothing of the next")
    func nextObject() {
        var choice = CompressionChoice()
        choice.sent(byteCount: 1 << 20, wireByteCount: 1 << 20, took: .milliseconds(100))
        choice.probed(byteCount: 65_536, compressedByteCount: 300, took: .microseconds(10))
        #expect(choice.step(byteCount: 1 << 20) == .compressed)
        choice.startObject(byteCount: 1 << 20)
        #expect(choice.step(byteCount: 1 << 20) == .probe)
    }

    @Test("a large object is probed at once, though probes of the last one were dear, and a small one is not")
    func nextObjectAfterDearProbes() {
        var choice = CompressionChoice()
        choice.sent(byteCount: 1 << 20, wireByteCount: 1 << 20, took: .microseconds(200))
        choice.probed(byteCount: 65_536, compressedByteCount: 40_000, took: .microseconds(140))
        #expect(choice.stepAfterProbe == .plain && choice.step(byteCount: 1 << 20) == .plain)
        choice.startObject(byteCount: 1 << 20)
        #expect(choice.step(byteCount: 1 << 20) == .plain)
        choice.startObject(byteCount: 128 << 20)
        #expect(choice.step(byteCount: 1 << 20) == .probe)
    }

    @Test("a chunk that turns out not to compress ends it")
    func turnsIncompressible() {
        var choice = CompressionChoice()
        choice.sent(byteCount: 1 << 20, wireByteCount: 1 << 20, took: .milliseconds(100))
        choice.probed(byteCount: 65_536, compressedByteCount: 300, took: .microseconds(10))
        #expect(choice.stepAfterProbe == .compressed)
        choice.compressed(byteCount: 1 << 20, compressedByteCount: nil, took: .milliseconds(1))
        #expect(choice.stepAfterProbe == .plain)
    }

    @Test("a link that becomes slow is noticed, and one that becomes fast too")
    func changes() {
        var link = SimulatedLink(speed: Self.fast)
        #expect(link.transmit(.text).compressedShare < 0.01)
        link.speed = Self.slow
        #expect(link.transmit(.text).compressedShare > 0.8)
        link.speed = Self.fast
        #expect(link.transmit(.text).compressedShare < 0.2)
    }

    @Test(
        "it takes little longer than the better of always and never compressing",
        arguments: [5e6, 30e6, 100e6, 300e6, 1e9, 3e9, 10e9],
        [256 << 10, 1 << 20, 8 << 20]
    )
    func nearTheBest(speed: Double, bufferByteCount: Int) {
        for content in [SimulatedLink.Content.text, .zeros, .random, .records, .log] {
            let chosen = SimulatedLink(speed: speed, bufferByteCount: bufferByteCount).send(content).seconds
            let best =
                [true, false].map { always in
                    SimulatedLink(speed: speed, bufferByteCount: bufferByteCount).send(
                        content,
                        always: always
                    ).seconds
                }.min() ?? 0
            // Compressing overlaps with the link, which the choice does not count on: both need the processor.
            #expect(chosen < 1.7 * best, "\(content) at \(speed): \(chosen) s instead of \(best) s")
        }
    }
}

/// A link in virtual time: a buffer that is filled as fast as memory can be copied, and drains at the link's speed.
private struct SimulatedLink {
    struct Content {
        /// What compression leaves of it, and how many bytes per second it takes.
        var ratio: Double
        var compressSpeed: Double

        static let text = Content(ratio: 0.55, compressSpeed: 500e6)
        static let records = Content(ratio: 0.2, compressSpeed: 1.2e9)
        static let log = Content(ratio: 0.02, compressSpeed: 2e9)
        static let zeros = Content(ratio: 0.004, compressSpeed: 12e9)
        static let random = Content(ratio: 1, compressSpeed: 8e9)
    }

    struct Run {
        var seconds = 0.0
        var probeSeconds = 0.0
        var compressedShare = 0.0
    }

    private static let copySpeed = 8e9
    private static let chunk = 1 << 20

    var speed: Double
    var bufferByteCount = 1 << 20
    private var choice = CompressionChoice()
    private var queued = 0.0

    init(speed: Double, bufferByteCount: Int = 1 << 20) {
        self.speed = speed
        self.bufferByteCount = bufferByteCount
    }

    /// Over a link like this one.
    func send(_ content: Content, always: Bool? = nil) -> Run {
        var link = self
        return link.transmit(content, always: always)
    }

    /// Sends an object, as the choice says, or always in one way.
    mutating func transmit(_ content: Content, chunkCount: Int = 600, always: Bool? = nil) -> Run {
        var run = Run()
        var compressedCount = 0
        choice.startObject(byteCount: chunkCount * Self.chunk)
        for _ in 0..<chunkCount {
            var compressing = 0.0
            var step =
                always.map { $0 ? CompressionChoice.Step.compressed : .plain }
                ?? choice.step(byteCount: Self.chunk)
            if step == .probe {
                let count = CompressionChoice.probeByteCount
                let took = Double(count) / content.compressSpeed
                choice.probed(
                    byteCount: count,
                    compressedByteCount: content.ratio < 1 ? Int(Double(count) * content.ratio) : nil,
                    took: .seconds(took)
                )
                run.probeSeconds += took
                compressing += took
                step = choice.stepAfterProbe
            }
            var wire = Double(Self.chunk)
            if step == .compressed {
                let took = Double(Self.chunk) / content.compressSpeed
                compressing += took
                if content.ratio < 1 {
                    wire *= content.ratio
                    compressedCount += 1
                }
                choice.compressed(
                    byteCount: Self.chunk,
                    compressedByteCount: content.ratio < 1 ? Int(wire) : nil,
                    took: .seconds(took)
                )
            }
            queued = max(0, queued - compressing * speed)
            // The link drains what the copying puts in, and the copying waits when the buffer is full.
            let copying = wire / Self.copySpeed
            queued += wire - copying * speed
            let waiting = max(0, queued - Double(bufferByteCount)) / speed
            queued = max(0, queued - waiting * speed)
            choice.sent(
                byteCount: Self.chunk,
                wireByteCount: Int(wire),
                took: .seconds(copying + waiting),
                after: .seconds(compressing)
            )
            run.seconds += compressing + copying + waiting
        }
        run.seconds += queued / speed
        run.compressedShare = Double(compressedCount) / Double(chunkCount)
        return run
    }
}
