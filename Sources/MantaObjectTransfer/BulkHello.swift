// Both sides of a connection start with 8 bytes, the one that connected first. All integers are little-endian.
//
//   offset  size  field
//   0       4     magic: "MBLK"
//   4       2     protocol version of the sender
//   6       2     oldest version that the sender speaks

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
