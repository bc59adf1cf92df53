// The answer to a request, 40 bytes, and the message of an error after it. All integers are little-endian.
//
//   offset  size  field
//   0       1     status: 0 = found, 1 = not found, 2 = error
//   1       1     flags: 1 = holds references
//   2       2     zero
//   4       4     length of the message; 0 unless the status is error
//   8       8     byte count of the whole object
//   16      8     lead (0 to 63): the bytes begin that far behind a 64-byte boundary
//   24      8     owner
//   32      4     CRC32C of the above, continued from that of the request
//   36      4     zero

internal import MantaCore

/// How a request is answered.
package enum BulkAnswer: Hashable, Sendable {
    case found(ObjectHead)
    case notFound
    /// A message of this many bytes follows.
    case error(messageByteCount: Int)

    package static let byteCount = 40

    package func store(in bytes: UnsafeMutableRawBufferPointer, answering request: BulkRequest) {
        for index in bytes.indices { bytes[index] = 0 }
        switch self {
        case .found(let head):
            bytes.store(UInt8(head.holdsReferences ? 1 : 0), at: 1)
            bytes.store(UInt64(head.byteCount), at: 8)
            bytes.store(UInt64(head.lead), at: 16)
            bytes.store(head.owner.rawValue, at: 24)
        case .notFound:
            bytes.store(UInt8(1), at: 0)
        case .error(let messageByteCount):
            bytes.store(UInt8(2), at: 0)
            bytes.store(UInt32(messageByteCount), at: 4)
        }
        let covered = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<32])
        bytes.store(crc32c(covered, continuing: request.checksum), at: 32)
    }

    package init(_ bytes: UnsafeRawBufferPointer, answering request: BulkRequest) throws(TransferError) {
        let covered = UnsafeRawBufferPointer(rebasing: bytes[..<32])
        guard bytes.load(UInt32.self, at: 32) == crc32c(covered, continuing: request.checksum) else {
            throw .malformed("the checksum of the answer for \(request.id) is wrong")
        }
        let messageByteCount = bytes.load(UInt32.self, at: 4)
        switch bytes.load(UInt8.self, at: 0) {
        case 0:
            let lengths = (bytes.load(UInt64.self, at: 8), bytes.load(UInt64.self, at: 16))
            guard let byteCount = Int(exactly: lengths.0), let lead = Int(exactly: lengths.1),
                lead < 64, request.offset <= byteCount
            else {
                throw .malformed("\(request.id) has \(lengths.0) bytes, lead \(lengths.1)")
            }
            self = .found(
                ObjectHead(
                    id: request.id,
                    byteCount: byteCount,
                    lead: lead,
                    owner: ProcessID(bytes.load(UInt64.self, at: 24)),
                    holdsReferences: bytes.load(UInt8.self, at: 1) & 1 != 0
                )
            )
        case 1:
            self = .notFound
        case 2 where messageByteCount <= BulkFormat.maximumMessageByteCount:
            self = .error(messageByteCount: Int(messageByteCount))
        case let status:
            throw .malformed("an answer of status \(status) with \(messageByteCount) bytes for \(request.id)")
        }
    }
}
