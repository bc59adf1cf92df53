// Before each chunk, 24 bytes:
//
//   offset  size  field
//   0       4     index: counts the chunks of this answer, from 0
//   4       1     kind: 0 = plain, 1 = LZ4, 2 = the source failed, a message follows
//   5       3     zero
//   8       4     byte count of the chunk
//   12      4     byte count of what follows
//   16      4     CRC32C of the chunk, not compressed
//   20      4     CRC32C of the above

/// What is said of a chunk before its bytes.
package struct ChunkHead: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        case plain = 0
        case lz4 = 1
        /// There will be no more of the object.
        case failed = 2
    }

    package static let byteCount = 24

    package var index: UInt32
    package var kind: Kind
    package var byteCount: Int
    package var wireByteCount: Int
    package var checksum: UInt32

    package init(index: UInt32, kind: Kind, byteCount: Int, wireByteCount: Int, checksum: UInt32) {
        self.index = index
        self.kind = kind
        self.byteCount = byteCount
        self.wireByteCount = wireByteCount
        self.checksum = checksum
    }

    package func store(in bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(index, at: 0)
        bytes.store(UInt32(kind.rawValue), at: 4)
        bytes.store(UInt32(byteCount), at: 8)
        bytes.store(UInt32(wireByteCount), at: 12)
        bytes.store(checksum, at: 16)
        bytes.store(crc32c(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<20])), at: 20)
    }

    /// The head of the chunk `index`, for which an object has room for `room` bytes more.
    package init(
        _ bytes: UnsafeRawBufferPointer,
        index expected: UInt32,
        room: Int
    ) throws(TransferError) {
        guard bytes.load(UInt32.self, at: 20) == crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<20])) else {
            throw .malformed("the checksum of the head of chunk \(expected) is wrong")
        }
        index = bytes.load(UInt32.self, at: 0)
        guard index == expected else { throw .malformed("chunk \(index) came instead of chunk \(expected)") }
        guard let kind = Kind(rawValue: bytes.load(UInt8.self, at: 4)) else {
            throw .malformed("chunk \(index) is of kind \(bytes.load(UInt8.self, at: 4))")
        }
        self.kind = kind
        byteCount = Int(bytes.load(UInt32.self, at: 8))
        wireByteCount = Int(bytes.load(UInt32.self, at: 12))
        checksum = bytes.load(UInt32.self, at: 16)
        let isSound =
            switch kind {
            case .plain: wireByteCount == byteCount
            case .lz4: wireByteCount > 0 && wireByteCount < byteCount
            case .failed: wireByteCount <= BulkFormat.maximumMessageByteCount
            }
        let mayHave = kind == .failed ? 0...0 : 1...max(1, min(room, BulkFormat.chunkByteCount))
        guard isSound, mayHave.contains(byteCount) else {
            throw .malformed(
                "chunk \(index) has \(byteCount) bytes in \(wireByteCount), with \(room) to come"
            )
        }
    }
}
