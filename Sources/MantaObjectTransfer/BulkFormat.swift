// What passes over a connection for objects. All integers are little-endian.
//
// Both sides start with a hello of 8 bytes, the one that connected first:
//
//   offset  size  field
//   0       4     magic: "MBLK"
//   4       2     protocol version of the sender
//   6       2     oldest version that the sender speaks
//
// Then requests, one after another: each is answered with a head (`ObjectHead`) and the object's chunks
// (`ChunkHead`, bytes). A request, 32 bytes:
//
//   offset  size  field
//   0       1     kind: 1 = get
//   1       1     flags: 1 = chunks may be compressed
//   2       6     zero
//   8       16    object: its creator and serial number
//   24      8     offset: the first byte that is wanted
//
// Both heads end with a CRC32C of their own bytes. That of an `ObjectHead` starts from the request's, so an answer to
// another question is never taken for this one's.

package import MantaCore

package enum BulkFormat {
    package static let version: UInt16 = 1
    package static let oldestVersion: UInt16 = 1
    /// A chunk ends where the offset in its object is a multiple of this, or with the object.
    ///
    /// Of 1 MiB the heads are 0.002 %, and it still lies in a processor's cache between checksum and socket.
    package static let chunkByteCount = 1 << 20
    /// What an error may say, in bytes of UTF-8.
    package static let maximumMessageByteCount = 1024

    static let magic: UInt32 = 0x4B4C_424D

    /// Where the chunk that starts at `offset` ends.
    package static func chunk(at offset: Int, of byteCount: Int) -> Range<Int> {
        offset..<min((offset / chunkByteCount + 1) * chunkByteCount, byteCount)
    }
}

/// What each side of a connection says first.
package struct BulkHello: Hashable, Sendable {
    package static let byteCount = 8

    package var version = BulkFormat.version
    package var oldestVersion = BulkFormat.oldestVersion

    package init() {}

    package func store(in bytes: UnsafeMutableRawBufferPointer) {
        bytes.store(BulkFormat.magic, at: 0)
        bytes.store(version, at: 4)
        bytes.store(oldestVersion, at: 6)
    }

    /// `nil` when the bytes are no hello.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.load(UInt32.self, at: 0) == BulkFormat.magic else { return nil }
        version = bytes.load(UInt16.self, at: 4)
        oldestVersion = bytes.load(UInt16.self, at: 6)
    }

    /// Whether there is a version that both sides speak.
    package func speaks(with other: BulkHello) -> Bool {
        other.oldestVersion <= version && oldestVersion <= other.version
    }
}

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

extension UnsafeMutableRawBufferPointer {
    func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }
}

extension UnsafeRawBufferPointer {
    func load<Value: FixedWidthInteger & BitwiseCopyable>(_: Value.Type, at offset: Int) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}
