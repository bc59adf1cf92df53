import MantaCore
import MantaWire

/// Cuts what a link receives into frames; confined to its lane.
///
/// Small frames are handed on in place, in the lane's receive buffer. What is left of an incomplete frame is
/// kept: a few bytes by copying, a large frame by receiving the rest of it straight into the memory that will
/// hold its body.
final class LinkInput {
    var token: LaneToken?
    /// Pings sent since the peer was last heard.
    var unansweredPings = 0
    /// Set by a handler that closes the link while frames are handed on: the rest of them is dropped.
    var isClosed = false

    private let limits: LinkLimits
    /// The start of a frame that has not arrived whole.
    private var leftover: [UInt8]
    private var large: (head: FrameHead, body: FrameBuffer, filled: Int)?

    init(limits: LinkLimits, received: [UInt8]) {
        self.limits = limits
        leftover = received
    }

    var hasLeftover: Bool { !leftover.isEmpty }

    /// Where the next bytes are to be received.
    func space(in shared: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        if let large {
            return UnsafeMutableRawBufferPointer(
                rebasing: large.body.mutableBytes[large.filled..<large.body.byteCount]
            )
        }
        leftover.withUnsafeBytes { shared.copyMemory(from: $0) }
        return UnsafeMutableRawBufferPointer(rebasing: shared[leftover.count...])
    }

    /// Takes `count` bytes that were received where `space(in:)` said.
    func consume(
        count: Int,
        in shared: UnsafeMutableRawBufferPointer,
        _ deliver: (FrameHead, FrameBody) -> Void
    ) throws(WireError) {
        if var frame = large {
            frame.filled += count
            large = frame
            guard frame.filled == frame.body.byteCount else { return }
            large = nil
            deliver(frame.head, .owned(frame.body))
            return
        }
        if count == 0 { leftover.withUnsafeBytes { shared.copyMemory(from: $0) } }
        let bytes = UnsafeRawBufferPointer(rebasing: shared[..<(leftover.count + count)])
        leftover.removeAll(keepingCapacity: true)

        var offset = 0
        while bytes.count - offset >= FrameHead.byteCount, !isClosed {
            let frame = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let length = try checkedLength(of: frame)
            let head = try FrameHead(afterLength: UnsafeRawPointer(frame.baseAddress.unsafelyUnwrapped + 4))
            let end = FrameHead.lengthByteCount + length
            guard frame.count >= end else {
                guard end > shared.count / 4 else { break }
                let body = FrameBuffer(byteCount: end - FrameHead.byteCount)
                let arrived = UnsafeRawBufferPointer(rebasing: frame[FrameHead.byteCount...])
                body.mutableBytes.copyMemory(from: arrived)
                large = (head, body, arrived.count)
                return
            }
            deliver(head, .borrowed(UnsafeRawBufferPointer(rebasing: frame[FrameHead.byteCount..<end])))
            offset += end
        }
        leftover.append(contentsOf: bytes[offset...])
    }

    private func checkedLength(of frame: UnsafeRawBufferPointer) throws(WireError) -> Int {
        let length = Int(UInt32(littleEndian: frame.loadUnaligned(as: UInt32.self)))
        guard length >= FrameHead.byteCount - FrameHead.lengthByteCount else {
            throw WireError(.malformed, "a frame of \(length) bytes is shorter than its head")
        }
        guard length <= limits.frameByteCount else {
            throw WireError(
                .tooLarge,
                "a frame of \(length) bytes passes the limit of \(limits.frameByteCount)"
            )
        }
        return length
    }
}
