// A spilled object's file: this header of 64 bytes, the CRC32C of each MiB of the object (4 bytes each, the last one of
// what is left), the object's bytes. All integers are little-endian.
//
//   offset  size  field
//   0       4     magic: "MSPL"
//   4       2     version: 1
//   6       2     flags: 1 = holds references
//   8       16    object: its creator and serial number
//   24      8     owner
//   32      8     byte count
//   40      8     lead (0 to 63): the bytes begin that far behind a 64-byte boundary
//   48      4     bytes that each checksum covers: 1 MiB
//   52      4     zero
//   56      4     CRC32C of all checksums
//   60      4     CRC32C of the above

internal import MantaCore

/// What a spilled object's file begins with.
package struct SpillHeader: Hashable, Sendable {
    package static let byteCount = 64
    package static let chunkByteCount = BulkFormat.chunkByteCount
    private static let magic: UInt32 = 0x4C50_534D
    private static let version: UInt16 = 1

    package var head: ObjectHead
    /// CRC32C of the checksums of the chunks.
    package var tableChecksum: UInt32

    package init(_ head: ObjectHead, tableChecksum: UInt32) {
        self.head = head
        self.tableChecksum = tableChecksum
    }

    package var chunkCount: Int {
        (head.byteCount + Self.chunkByteCount - 1) / Self.chunkByteCount
    }

    /// Where the object's bytes begin in the file.
    package var bodyOffset: Int { Self.byteCount + 4 * chunkCount }

    package func store(in bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(Self.magic, at: 0)
        bytes.store(Self.version, at: 4)
        bytes.store(UInt16(head.holdsReferences ? 1 : 0), at: 6)
        bytes.store(head.id.creator.rawValue, at: 8)
        bytes.store(head.id.serial, at: 16)
        bytes.store(head.owner.rawValue, at: 24)
        bytes.store(UInt64(head.byteCount), at: 32)
        bytes.store(UInt64(head.lead), at: 40)
        bytes.store(UInt32(Self.chunkByteCount), at: 48)
        bytes.store(UInt32(0), at: 52)
        bytes.store(tableChecksum, at: 56)
        bytes.store(crc32c(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<60])), at: 60)
    }

    /// `nil` when the bytes are no header of this version.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.byteCount,
            bytes.load(UInt32.self, at: 60) == crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<60])),
            bytes.load(UInt32.self, at: 0) == Self.magic,
            bytes.load(UInt16.self, at: 4) == Self.version,
            bytes.load(UInt32.self, at: 48) == UInt32(Self.chunkByteCount),
            let byteCount = Int(exactly: bytes.load(UInt64.self, at: 32)),
            let lead = Int(exactly: bytes.load(UInt64.self, at: 40)), lead < 64
        else { return nil }
        head = ObjectHead(
            id: ObjectID(
                creator: ProcessID(bytes.load(UInt64.self, at: 8)),
                serial: bytes.load(UInt64.self, at: 16)
            ),
            byteCount: byteCount,
            lead: lead,
            owner: ProcessID(bytes.load(UInt64.self, at: 24)),
            holdsReferences: bytes.load(UInt16.self, at: 6) & 1 != 0
        )
        tableChecksum = bytes.load(UInt32.self, at: 56)
    }
}
