internal import CLZ4

/// Blocks of LZ4, the compression that is about as fast as memory for what it cannot compress.
package enum LZ4 {
    /// Compresses `bytes` into `room`; `nil` when the result does not fit.
    package static func compress(
        _ bytes: UnsafeRawBufferPointer,
        into room: UnsafeMutableRawBufferPointer
    ) -> UnsafeRawBufferPointer? {
        guard let source = bytes.baseAddress, let target = room.baseAddress,
            let byteCount = Int32(exactly: bytes.count), let capacity = Int32(exactly: room.count)
        else { return nil }
        let count = LZ4_compress_default(
            source.assumingMemoryBound(to: CChar.self),
            target.assumingMemoryBound(to: CChar.self),
            byteCount,
            capacity
        )
        return count > 0 ? UnsafeRawBufferPointer(rebasing: room[..<Int(count)]) : nil
    }

    /// Whether `block` is one that decompresses to all of `bytes`, which are then those. Safe for any block.
    package static func decompress(
        _ block: UnsafeRawBufferPointer,
        into bytes: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let source = block.baseAddress, let target = bytes.baseAddress,
            let blockByteCount = Int32(exactly: block.count), let byteCount = Int32(exactly: bytes.count)
        else { return false }
        let count = LZ4_decompress_safe(
            source.assumingMemoryBound(to: CChar.self),
            target.assumingMemoryBound(to: CChar.self),
            blockByteCount,
            byteCount
        )
        return count == byteCount
    }
}
