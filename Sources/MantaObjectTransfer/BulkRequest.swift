// A request, 32 bytes. All integers are little-endian.
//
//   offset  size  field
//   0       1     kind: 1 = get
//   1       1     flags: 1 = chunks may be compressed
//   2       6     zero
//   8       16    object: its creator and serial number
//   24      8     offset: the first byte that is wanted

package import MantaCore

/// Asks for an object, or for what is left of it.
package struct BulkRequest: Hashable, Sendable {
    package static let byteCount = 32

    package var id: ObjectID
    package var offset: Int
    package var takesCompressed: Bool

    package init(_ id: ObjectID, from offset: Int = 0, takesCompressed: Bool = true) {
        self.id = id
        self.offset = offset
        self.takesCompressed = takesCompressed
    }

    package func store(in bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(UInt64(1) | (takesCompressed ? 1 << 8 : 0), at: 0)
        bytes.store(id.creator.rawValue, at: 8)
        bytes.store(id.serial, at: 16)
        bytes.store(UInt64(offset), at: 24)
    }

    /// `nil` when the bytes are no request that this version knows.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.load(UInt8.self, at: 0) == 1,
            let offset = Int(exactly: bytes.load(UInt64.self, at: 24))
        else { return nil }
        id = ObjectID(
            creator: ProcessID(bytes.load(UInt64.self, at: 8)),
            serial: bytes.load(UInt64.self, at: 16)
        )
        self.offset = offset
        takesCompressed = bytes.load(UInt8.self, at: 1) & 1 != 0
    }

    /// Where the checksum of the answer's head starts.
    var checksum: UInt32 {
        withUnsafeTemporaryAllocation(byteCount: Self.byteCount, alignment: 8) { bytes in
            store(in: bytes)
            return crc32c(UnsafeRawBufferPointer(bytes))
        }
    }
}
