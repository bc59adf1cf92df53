internal import CMantaShims
internal import Glibc
package import MantaCore
internal import MantaTransport

/// A file that is to become a program: written under another name, and renamed when its bytes are the right ones.
///
/// Given up, it is removed. Used by one task at a time, on a thread that may wait for the disk.
package final class ProgramDraft: Sendable {
    private static let chunk = 1 << 20

    private let program: JobSpec.Program
    /// Under its other name.
    private let path: String
    private let file: Int32

    /// - Throws: ``ClusterError``: `outOfDisk`; `invalidArgument` for a folder that cannot be written to.
    init(_ program: JobSpec.Program, in directory: String) throws(ClusterError) {
        self.program = program
        path = "\(directory)/\(Self.prefix)\(getpid())-\(UInt64.random(in: 0 ... .max))"
        file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o500)
        guard file >= 0 else { throw Self.failure("open", path) }
    }

    deinit {
        close(file)
        // Of one that was renamed there is nothing under the name.
        unlink(path)
    }

    /// What the names of drafts begin with.
    static let prefix = "draft-"

    /// Adds to the end.
    ///
    /// - Throws: ``ClusterError``: `outOfDisk`; `invalidArgument` for more than the program has, or when the disk fails.
    package func append(_ bytes: RawSpan) throws(ClusterError) {
        var offset = 0
        while offset < bytes.byteCount {
            let count = bytes.withUnsafeBytes { buffer in
                write(file, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", path) }
            offset += count
        }
        try checkSize()
    }

    /// Copies a whole file, in the file system if that can share the bytes.
    ///
    /// No hard link: the file's mode would be that of the original too, and whoever overwrites that later would change
    /// this one.
    package func copy(_ source: String) throws(ClusterError) {
        let original = open(source, O_RDONLY | O_CLOEXEC)
        guard original >= 0 else { throw Self.failure("open", source) }
        defer { close(original) }
        var isShared = true
        while true {
            let count =
                isShared ? manta_copy_range(original, file, 1 << 30) : try transfer(original, source)
            switch -count {
            case 0: return
            case Int(EINTR): break
            case Int(ENOSPC), Int(EDQUOT): throw Self.failure("write", path, Int32(-count))
            // Another file system, or one that cannot.
            case 1...: isShared = false
            default: try checkSize()
            }
        }
    }

    private func transfer(_ original: Int32, _ source: String) throws(ClusterError) -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 4096)
        defer { buffer.deallocate() }
        let count = read(original, buffer.baseAddress, buffer.count)
        if count < 0, errno == EINTR { return -Int(EINTR) }
        guard count >= 0 else { throw Self.failure("read", source) }
        if count > 0 { try append(UnsafeRawBufferPointer(rebasing: buffer[..<count]).bytes) }
        return count
    }

    private func checkSize() throws(ClusterError) {
        let end = lseek(file, 0, SEEK_CUR)
        guard end <= program.byteCount else {
            throw ClusterError(
                .invalidArgument,
                "more than the \(program.byteCount) bytes of the program \(program.id) came"
            )
        }
    }

    /// Gives it its name, if it is the program.
    ///
    /// - Parameter name: The path, in the same folder. What is there is replaced.
    /// - Returns: The stamp of the file.
    /// - Throws: ``ClusterError``: `invalidArgument` for other bytes; `outOfDisk`.
    func publish(as name: String) throws(ClusterError) -> FileStamp {
        let found = try ProgramDigest.of(file, at: path)
        guard found == program else {
            throw ClusterError(
                .invalidArgument,
                "\(found.byteCount) bytes with the SHA-256 \(found.id) came, not the "
                    + "\(program.byteCount) bytes of \(program.id)"
            )
        }
        // The mode is what the mask of this process has left of it.
        guard fchmod(file, 0o500) == 0 else { throw Self.failure("fchmod", path) }
        guard fsync(file) == 0 else { throw Self.failure("fsync", path) }
        guard rename(path, name) == 0 else { throw Self.failure("rename", name) }
        guard let stamp = FileStamp(file) else { throw Self.failure("fstat", name) }
        return stamp
    }

    static func failure(_ call: String, _ path: String, _ number: Int32 = errno) -> ClusterError {
        let isFull = number == ENOSPC || number == EDQUOT
        return ClusterError(
            isFull ? .outOfDisk : .invalidArgument,
            "\(call) of \(path) failed: \(describe(error: number))",
            hint: isFull ? "make room there, or start the node with another folder" : nil
        )
    }
}
