/// A bounds-checked cursor over borrowed bytes.
///
/// Copies move independently. A reader, and every buffer it hands out, is valid only while the owner of the
/// bytes keeps them alive.
package struct ByteReader {
    /// Everything the reader covers, from its first byte and regardless of the cursor.
    package let bytes: UnsafeRawBufferPointer
    /// Where the next byte is read. Never past the end.
    @usableFromInline var cursor: Int

    @inlinable
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.init(bytes, cursor: 0)
    }

    /// The caller knows that `cursor` lies within the bytes or just behind them.
    @inlinable
    init(_ bytes: UnsafeRawBufferPointer, cursor: Int) {
        self.bytes = bytes
        self.cursor = cursor
    }

    /// How many bytes lie before the cursor.
    @inlinable package var offset: Int { cursor }
    /// How many bytes are left.
    @inlinable package var remaining: Int { bytes.count &- cursor }
    @inlinable package var isAtEnd: Bool { cursor == bytes.count }

    /// Reads a little-endian integer.
    @inlinable
    @inline(__always)
    package mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type = T.self
    ) throws(WireError) -> T {
        let size = MemoryLayout<T>.size
        guard remaining >= size else { throw missing(size) }
        let value = bytes.loadUnaligned(fromByteOffset: cursor, as: T.self)
        cursor &+= size
        return T(littleEndian: value)
    }

    /// Lends the next `count` bytes and moves past them.
    @inlinable
    @inline(__always)
    package mutating func readBytes(_ count: Int) throws(WireError) -> UnsafeRawBufferPointer {
        guard count >= 0, remaining >= count else { throw missing(count) }
        let slice = UnsafeRawBufferPointer(rebasing: bytes[cursor..<(cursor &+ count)])
        cursor &+= count
        return slice
    }

    @inlinable
    package mutating func skip(_ count: Int) throws(WireError) {
        guard count >= 0, remaining >= count else { throw missing(count) }
        cursor &+= count
    }

    /// The next byte, not consumed; `nil` at the end.
    @inlinable package var peek: UInt8? { cursor < bytes.count ? bytes[cursor] : nil }

    @inline(never)
    @usableFromInline
    func missing(_ count: Int) -> WireError {
        WireError(.truncated, "\(count) bytes needed at offset \(offset), \(remaining) left")
    }
}

/// A reader borrows memory that only its owner keeps alive.
@available(*, unavailable)
extension ByteReader: Sendable {}
