internal import MantaWire

/// The body of one frame, owned: a single allocation, freed with its last reference.
///
/// Unchecked: it is filled by the lane that receives it before anyone else sees it, and only its reader changes it after.
package final class FrameBuffer: @unchecked Sendable {
    private let block: ByteBlock
    /// Lives at least as long as this.
    private var companion: (any AnyObject & Sendable)?

    package init(byteCount: Int) {
        block = ByteBlock(capacity: byteCount)
        self.byteCount = byteCount
    }

    package convenience init(copying bytes: UnsafeRawBufferPointer) {
        self.init(byteCount: bytes.count)
        mutableBytes.copyMemory(from: bytes)
    }

    package let byteCount: Int

    /// Valid while the buffer lives: keep a reference, or use `withExtendedLifetime`.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: block.base, count: byteCount) }

    /// Keeps an object for as long as this lives: its end then tells that of this. Only for the lane that fills it, once.
    package func keep(_ companion: any AnyObject & Sendable) { self.companion = companion }

    /// Lets go of what it keeps. Only for the one who reads it.
    package func letGo() { companion = nil }

    /// Only for the lane that fills it.
    var mutableBytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: block.base, count: byteCount)
    }
}

/// A received body: still in the lane's receive buffer, or already in memory of its own.
package enum FrameBody {
    /// Valid until the handler returns.
    case borrowed(UnsafeRawBufferPointer)
    case owned(FrameBuffer)

    package var bytes: UnsafeRawBufferPointer {
        switch self {
        case .borrowed(let bytes): bytes
        case .owned(let buffer): buffer.bytes
        }
    }

    /// The body in memory of its own, copied only if it is not yet.
    package func kept() -> FrameBuffer {
        switch self {
        case .borrowed(let bytes): FrameBuffer(copying: bytes)
        case .owned(let buffer): buffer
        }
    }
}
