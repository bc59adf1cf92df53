import MantaWire

/// What a link has yet to send, and whether it may.
///
/// Unchecked: the buffer is not shared with anyone, and the link's lock guards the whole.
struct LinkOutput: ~Copyable, @unchecked Sendable {
    /// Set once, when the link closes.
    var closing: LinkFailure?
    var token: LaneToken?
    /// No byte passes until they are healed.
    var cutBy: NetworkFaults?
    /// The lane will flush at the end of its turn.
    var isFlushQueued = false
    /// The socket is full: the lane will flush when it is not.
    var isWatchingWritable = false
    var readingPauses = 0

    private var buffer = ByteWriter(capacity: 4096)
    private var sentCount = 0

    var count: Int { buffer.count - sentCount }
    var isEmpty: Bool { count == 0 }

    /// Valid until the next change.
    var unsent: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer.bytes[sentCount...]) }

    var interest: LaneEvents {
        (readingPauses > 0 ? [] : LaneEvents.readable).union(isWatchingWritable ? .writable : [])
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) { buffer.append(bytes) }

    mutating func sent(_ newlySent: Int) {
        sentCount += newlySent
        if sentCount == buffer.count {
            // The memory of an unusually large frame is not kept.
            buffer.removeAll(keepingCapacity: buffer.count <= 1 << 20)
            sentCount = 0
        } else if sentCount > 1 << 20, sentCount > buffer.count / 2 {
            // A peer that reads slowly but always a little would otherwise let the buffer grow for ever.
            let rest = ByteWriter(capacity: count)
            rest.append(unsent)
            buffer = rest
            sentCount = 0
        }
    }
}
