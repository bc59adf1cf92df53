internal import CMantaShims
internal import Glibc
package import MantaCore
internal import MantaTransport
import Synchronization

/// The files of one node's spilled objects, for as long as the node runs.
///
/// `<directory>/manta-spill-<node>-<process>`, which only this user may enter. A file is complete or not there: it is
/// written under another name and renamed. It need not survive the machine, so nothing is synchronised. Everything blocks the
/// calling thread, which is not to be a lane's.
package final class SpillFolder: Sendable {
    static let prefix = "manta-spill-"
    static let lockName = "lock"

    package let path: String

    /// Locked for as long as the folder is in use; a folder whose file is not is swept by the next node.
    private let lock: Int32
    private let writtenCount = Atomic<Int>(0)

    /// Makes the folder of a node, and removes those that nodes of this user left in `directory` when they died.
    ///
    /// - Parameters:
    ///   - directory: Where there is much room. It is made if it is missing.
    ///   - node: Whose objects they are.
    /// - Throws: ``ClusterError`` with code `outOfDisk`.
    package init(in directory: String, of node: NodeID) throws(ClusterError) {
        guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
            throw ClusterError(
                .outOfDisk,
                "cannot make the folder \(directory) for spilled objects: \(describe(error: errno))",
                hint: "name a folder that can be written to"
            )
        }
        path = "\(directory)/\(Self.prefix)\(String(node.rawValue, radix: 16))-\(getpid())"
        lock = try makeLockedFolder(path)
        // The number of an earlier process may be this one's.
        removeFiles(in: path)
        sweepSpillFolders(in: directory)
    }

    deinit { close(lock) }

    /// Writes an object.
    ///
    /// - Parameters:
    ///   - head: What is kept of it besides its bytes.
    ///   - bytes: All of them.
    /// - Throws: ``ClusterError`` with code `outOfDisk`, and nothing is left of the file.
    package func write(_ head: ObjectHead, _ bytes: UnsafeRawBufferPointer) throws(ClusterError) {
        precondition(bytes.count == head.byteCount, "\(bytes.count) bytes of \(head.byteCount) of \(head.id)")
        let number = writtenCount.wrappingAdd(1, ordering: .relaxed).newValue
        let unfinished = "\(path)/unfinished-\(number)"
        let file = Glibc.open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw outOfDisk(head, errno) }
        var error = writeAll(head, bytes, to: file)
        if close(file) != 0, error == 0 { error = errno }
        if error == 0, rename(unfinished, self.file(of: head.id)) != 0 { error = errno }
        guard error == 0 else {
            unlink(unfinished)
            throw outOfDisk(head, error)
        }
    }

    /// Opens a spilled object, to read it back or to send it.
    ///
    /// - Throws: ``ClusterError`` with code `objectLost` when it is not there, or is damaged.
    package func open(_ id: ObjectID) throws(ClusterError) -> SpilledObject {
        try SpilledObject(id, at: file(of: id))
    }

    /// Whether it was there.
    @discardableResult
    package func remove(_ id: ObjectID) -> Bool { unlink(file(of: id)) == 0 }

    /// Removes all objects and the folder itself, which cannot be used any more.
    package func removeAll() { removeSpillFolder(path) }

    private func file(of id: ObjectID) -> String { "\(path)/\(id)" }

    /// 0, or the error's number.
    private func writeAll(_ head: ObjectHead, _ bytes: UnsafeRawBufferPointer, to file: Int32) -> Int32 {
        var table: [UInt8] = []
        var offset = 0
        while offset < bytes.count {
            let range = BulkFormat.chunk(at: offset, of: bytes.count)
            let checksum = crc32c(UnsafeRawBufferPointer(rebasing: bytes[range]))
            withUnsafeBytes(of: checksum.littleEndian) { table.append(contentsOf: $0) }
            offset = range.upperBound
        }
        return table.withUnsafeBytes { table in
            withUnsafeTemporaryAllocation(byteCount: SpillHeader.byteCount, alignment: 8) { header in
                SpillHeader(head, tableChecksum: crc32c(table)).store(in: header)
                // A full disk shows before anything is written, and not when the system writes it back much later.
                let status = manta_reserve_file(file, Int64(header.count + table.count + bytes.count))
                guard status == 0 else { return -status }
                for part in [UnsafeRawBufferPointer(header), table, bytes] {
                    let status = write(part, to: file)
                    guard status == 0 else { return status }
                }
                return 0
            }
        }
    }

    /// 0, or the error's number.
    private func write(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.write(file, part.baseAddress, part.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : ENOSPC }
            rest = rest.dropFirst(count)
        }
        return 0
    }

    private func outOfDisk(_ head: ObjectHead, _ number: Int32) -> ClusterError {
        var room = "unknown"
        var status = statvfs()
        if statvfs(path, &status) == 0 { room = "\(UInt64(status.f_bavail) * UInt64(status.f_frsize)) bytes" }
        return ClusterError(
            .outOfDisk,
            "cannot spill \(head.id) (\(head.byteCount) bytes) to \(path): \(describe(error: number)); room: \(room)",
            hint: "make room there, name another folder for spilled objects, or let go of references"
        )
    }
}
