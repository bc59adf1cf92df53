// Whoever connects to a node's port says in 16 bytes, before anything else and in the clear, whom it wants. They prove
// nothing: the process that the socket is handed to authenticates the peer, and greets it again.
//
//   offset  size  field
//   0       4     magic: "MNTP"
//   4       1     protocol version of the sender
//   5       1     what for: 1 a link, 2 objects
//   6       2     0
//   8       8     process that is meant, little-endian; 0: the head

package import MantaCore

package struct Preamble: Hashable, Sendable {
    package static let byteCount = 16
    private static let magic: [UInt8] = Array("MNTP".utf8)
    private static let version: UInt8 = 1

    package enum Purpose: UInt8, Sendable {
        case link = 1
        case objects = 2
    }

    package var purpose: Purpose
    package var process: ProcessID

    package init(_ purpose: Purpose, to process: ProcessID) {
        self.purpose = purpose
        self.process = process
    }

    package var bytes: [UInt8] {
        let id = (0..<8).map { UInt8(truncatingIfNeeded: process.rawValue >> ($0 * 8)) }
        return Self.magic + [Self.version, purpose.rawValue, 0, 0] + id
    }

    /// `nil` when the bytes are not those of a peer.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, Array(bytes[..<4]) == Self.magic, bytes[4] == Self.version,
            let purpose = Purpose(rawValue: bytes[5]), bytes[6] == 0, bytes[7] == 0
        else { return nil }
        self.purpose = purpose
        process = ProcessID(bytes[8...].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
}
