/// Decides, chunk by chunk, whether compressing pays.
///
/// It does when the time to compress a chunk and to send what is left of it is clearly less than the time to send it as it
/// is. The speed of the link is measured as chunks are sent; ratio and speed of compression by a probe of a part of a
/// chunk, or by the last compressed chunk. A new link counts as one of 1 Gbit/s, a guess that fades: the first few MiB go
/// into the kernel's buffers as fast as memory, which would make any link look fast. Probes may take 1 % of the time that
/// sending takes, so what cannot be compressed costs next to nothing. Where the link is slow that is a probe for every
/// chunk, where it is fast for one in many. One for each connection.
package struct CompressionChoice: Sendable {
    package enum Step: Hashable, Sendable {
        case plain
        /// Compress a part of the chunk, tell `probed`, and ask again.
        case probe
        case compressed
    }

    /// How much of a chunk a probe compresses, at most.
    package static let probeByteCount = 64 << 10

    /// The gain below which it stays plain: the receiver has to decompress, and both have other things to compute.
    private static let margin = 0.8
    /// The share of the time for sending that probes may take.
    private static let probeShare = 0.01
    /// A probe that took longer met pages that were not there yet: it is not to keep others from being made.
    private static let longestProbeSeconds = 1e-3
    /// Over how many bytes on the link its speed is averaged. By bytes and not by chunks: a chunk of zeros, compressed,
    /// tells next to nothing of the link.
    private static let window = 8e6
    /// Of less, a chunk is plain: the call costs more than the bytes.
    private static let leastByteCount = 4096

    /// What a link is taken for of which nothing is known, in bytes per second.
    private static let usualLinkSpeed = 125e6

    /// How much of the guess goes with each byte of an object that is sent, compressed or not: with 32 MB all of it. On the wire
    /// they may be next to nothing, and a guess that stayed would have a fast link carry compressed what goes faster plain.
    private static let guessPerByte = 1.0 / 8

    /// Within the window: what was sent, and the time that it took.
    private var linkByteCount = 0.0
    private var linkSeconds = 0.0
    /// How many bytes count as sent at the usual speed besides.
    private var guessedByteCount = window / 2
    /// What compression does to this object; `nil` when it is not known.
    private var ratio: Double?
    private var compressSecondsPerByte = 0.0
    /// How long probes may take before there is more to send.
    private var allowance: Double
    /// How long the last one took, which is what the next one is expected to take.
    private var probeSeconds: Double
    private var mayProbeNow = false

    package init() {
        probeSeconds = 100e-6
        allowance = probeSeconds
    }

    /// What comes now is of another object, so nothing is known of its bytes.
    ///
    /// One that is large enough to pay for a probe is probed at once, whatever those of others have cost.
    package mutating func startObject(byteCount: Int) {
        ratio = nil
        mayProbeNow = Double(byteCount) * linkSecondsPerByte * Self.probeShare >= probeSeconds
    }

    /// What to do with the next chunk.
    package func step(byteCount: Int) -> Step {
        guard byteCount >= Self.leastByteCount else { return .plain }
        if pays { return .compressed }
        return mayProbeNow || allowance >= probeSeconds ? .probe : .plain
    }

    /// What to do with a chunk that was probed.
    package var stepAfterProbe: Step { pays ? .compressed : .plain }

    package mutating func probed(byteCount: Int, compressedByteCount: Int?, took duration: Duration) {
        probeSeconds = min(max(seconds(duration), 1e-6), Self.longestProbeSeconds)
        allowance -= probeSeconds
        mayProbeNow = false
        compressed(byteCount: byteCount, compressedByteCount: compressedByteCount, took: duration)
    }

    /// A chunk, or a part of it, was compressed; `nil` when it got no smaller.
    package mutating func compressed(byteCount: Int, compressedByteCount: Int?, took duration: Duration) {
        ratio = compressedByteCount.map { Double($0) / Double(byteCount) } ?? 1
        compressSecondsPerByte = seconds(duration) / Double(byteCount)
    }

    /// Bytes were sent.
    ///
    /// - Parameters:
    ///   - byteCount: How many of the object.
    ///   - wireByteCount: How many passed over the link.
    ///   - duration: How long that took.
    ///   - compressing: How long the compression just before took. The link was not idle meanwhile if what was sent before
    ///     still waited in it, which is likely when it is slow; how far is not known, so it counts up to `duration`.
    package mutating func sent(
        byteCount: Int,
        wireByteCount: Int,
        took duration: Duration,
        after compressing: Duration = .zero
    ) {
        let took = seconds(duration)
        let kept = max(0, 1 - Double(wireByteCount) / Self.window)
        linkByteCount = linkByteCount * kept + Double(wireByteCount)
        linkSeconds = linkSeconds * kept + took + min(took, seconds(compressing))
        guessedByteCount = max(0, guessedByteCount - Double(byteCount) * Self.guessPerByte)
        allowance = min(allowance + took * Self.probeShare, 4 * probeSeconds)
    }

    private var pays: Bool {
        guard let ratio else { return false }
        return compressSecondsPerByte + ratio * linkSecondsPerByte < Self.margin * linkSecondsPerByte
    }

    private var linkSecondsPerByte: Double {
        (linkSeconds + guessedByteCount / Self.usualLinkSpeed) / max(linkByteCount + guessedByteCount, 1)
    }

    private func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
