// What passes over a connection for objects. All integers are little-endian.
//
// Both sides start with a hello (`BulkHello`), the one that connected first. Then come requests (`BulkRequest`), one after
// another: each is answered with a head (`BulkAnswer`) and the object's chunks (`ChunkHead`, bytes).
//
// Both heads carry a CRC32C of their own bytes. That of an answer starts from the request's, so an answer to
// another question is never taken for this one's.

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
