internal import Foundation
internal import Glibc
internal import MantaCore
internal import Synchronization

/// Keeps a second head from serving the same directory on this machine.
///
/// A lock of the system on a file, so it ends with its process however that ends. The file says who has it.
final class DirectoryLock: Sendable {
    private let descriptor: Mutex<Int32>

    /// - Parameters:
    ///   - path: The file of the lock.
    ///   - folder: What it stands for.
    /// - Throws: ``ClusterError`` with code `invalidArgument` and who has it.
    init(_ path: String, of folder: String) throws(ClusterError) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw DirectoryFile.unusable(path, "cannot be opened") }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            let holder = Self.read(file)
            close(file)
            guard number == EWOULDBLOCK else {
                errno = number
                throw DirectoryFile.unusable(path, "cannot be locked")
            }
            throw ClusterError(
                .invalidArgument,
                "the directory in \(folder) is being served by \(holder ?? "another process")",
                hint: "a directory has one head: stop that one first, or give this one a folder of its own"
            )
        }
        descriptor = Mutex(file)
        let text = Array("process \(getpid()) on \(Self.hostName), since \(Date().ISO8601Format())\n".utf8)
        // For people only: the lock is what counts.
        _ = ftruncate(file, 0)
        _ = pwrite(file, text, text.count, 0)
    }

    deinit { release() }

    func release() {
        descriptor.withLock { file in
            guard file >= 0 else { return }
            // A process that is just being started may have it open too, for a moment.
            flock(file, LOCK_UN)
            close(file)
            file = -1
        }
    }

    private static func read(_ file: Int32) -> String? {
        var bytes = [UInt8](repeating: 0, count: 500)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private static var hostName: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "this machine" }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
