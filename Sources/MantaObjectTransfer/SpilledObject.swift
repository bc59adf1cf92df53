internal import Glibc
package import MantaCore
internal import MantaTransport

/// An object in a file. It stays readable when the file is removed, for as long as this lives.
package final class SpilledObject: BulkSource, Sendable {
    package let head: ObjectHead

    private let path: String
    private let descriptor: Int32
    /// CRC32C of each chunk.
    private let checksums: [UInt32]
    private let bodyOffset: Int

    /// Opens the file at `path`, which must be that of `id`, and verifies all but the object's bytes.
    init(_ id: ObjectID, at path: String) throws(ClusterError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else { throw lost(id, path, describe(error: errno)) }
        do throws(ClusterError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw lost(id, path, describe(error: errno)) }
            let fileByteCount = Int(status.st_size)
            let bytes = try readBytes(id, descriptor, path, at: 0, SpillHeader.byteCount, of: fileByteCount)
            guard let header = bytes.withUnsafeBytes({ SpillHeader($0) }), header.head.id == id else {
                throw lost(id, path, "its header is damaged, or that of another object")
            }
            // Before anything of that size is allocated. An object cannot be so large that this overflows: the file has it.
            guard header.head.byteCount <= fileByteCount,
                header.bodyOffset + header.head.byteCount == fileByteCount
            else {
                let expected = "\(header.head.byteCount) bytes and their checksums"
                throw lost(id, path, "it has \(fileByteCount) bytes, which are not \(expected)")
            }
            let table = try readBytes(
                id,
                descriptor,
                path,
                at: SpillHeader.byteCount,
                4 * header.chunkCount,
                of: fileByteCount
            )
            guard table.withUnsafeBytes({ crc32c($0) }) == header.tableChecksum else {
                throw lost(id, path, "its checksums are damaged")
            }
            head = header.head
            bodyOffset = header.bodyOffset
            checksums = table.withUnsafeBytes { bytes in
                (0..<header.chunkCount).map { bytes.load(UInt32.self, at: 4 * $0) }
            }
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    package var id: ObjectID { head.id }
    package var byteCount: Int { head.byteCount }
    package var lead: Int { head.lead }
    package var owner: ProcessID { head.owner }
    package var holdsReferences: Bool { head.holdsReferences }

    /// Reads the whole object back, on the calling thread.
    ///
    /// - Parameter bytes: Room for as many bytes as the object has. After an error they may be anything.
    /// - Throws: ``ClusterError`` with code `objectLost`.
    package func read(into bytes: UnsafeMutableRawBufferPointer) throws(ClusterError) {
        precondition(bytes.count == byteCount, "\(bytes.count) bytes of room for the \(byteCount) of \(id)")
        var offset = 0
        while offset < byteCount {
            let range = BulkFormat.chunk(at: offset, of: byteCount)
            try readChunk(range, into: UnsafeMutableRawBufferPointer(rebasing: bytes[range]))
            offset = range.upperBound
        }
    }

    package func withBytes<Result>(
        in range: Range<Int>,
        scratch: BulkScratch,
        _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(ClusterError) -> Result {
        let start = range.lowerBound / SpillHeader.chunkByteCount * SpillHeader.chunkByteCount
        // All of the chunk, also when its first bytes have been sent already: only all of it can be verified.
        let chunk = BulkFormat.chunk(at: start, of: byteCount)
        precondition(range.upperBound <= chunk.upperBound, "\(range) is more than the chunk \(chunk)")
        let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch.chunk[..<chunk.count])
        try readChunk(chunk, into: bytes)
        let wanted = bytes[(range.lowerBound - start)..<(range.upperBound - start)]
        return body(UnsafeRawBufferPointer(rebasing: wanted))
    }

    private func readChunk(
        _ range: Range<Int>,
        into bytes: UnsafeMutableRawBufferPointer
    ) throws(ClusterError) {
        try fill(bytes, id, descriptor, path, at: bodyOffset + range.lowerBound)
        let index = range.lowerBound / SpillHeader.chunkByteCount
        guard crc32c(UnsafeRawBufferPointer(bytes)) == checksums[index] else {
            throw lost(id, path, "bytes \(range.lowerBound) to \(range.upperBound) are not what was written")
        }
    }
}

private func readBytes(
    _ id: ObjectID,
    _ descriptor: Int32,
    _ path: String,
    at offset: Int,
    _ count: Int,
    of fileByteCount: Int
) throws(ClusterError) -> [UInt8] {
    guard offset + count <= fileByteCount else {
        throw lost(id, path, "it has only \(fileByteCount) bytes")
    }
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { room in
        Result { () throws(ClusterError) in try fill(room, id, descriptor, path, at: offset) }
    }
    try result.get()
    return bytes
}

private func fill(
    _ bytes: UnsafeMutableRawBufferPointer,
    _ id: ObjectID,
    _ descriptor: Int32,
    _ path: String,
    at offset: Int
) throws(ClusterError) {
    var done = 0
    while done < bytes.count {
        let room = UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
        let count = pread(descriptor, room.baseAddress, room.count, offset + done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
            throw lost(id, path, count == 0 ? "it ends at byte \(offset + done)" : describe(error: errno))
        }
        done += count
    }
}

private func lost(_ id: ObjectID, _ path: String, _ reason: String) -> ClusterError {
    ClusterError(
        .objectLost,
        "\(id) cannot be read back from \(path): \(reason)",
        hint: "check the disk, and that nothing else writes to the spill folder"
    )
}
