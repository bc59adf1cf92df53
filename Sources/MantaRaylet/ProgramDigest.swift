internal import CMantaTLS
internal import Glibc
package import MantaCore
internal import MantaTransport
import Synchronization

/// What executables are in files.
package enum ProgramDigest {
    private static let chunk = 1 << 18
    private static let own = Mutex<JobSpec.Program?>(nil)

    /// The link to the executable of this process, which still names the right file when that was replaced on the disk.
    package static let ownPath = "/proc/self/exe"

    /// The executable of this process. Hashed once, on a thread of its own: about 60 ms for 100 MB.
    ///
    /// - Throws: ``ClusterError`` when it cannot be read.
    package static func ofThisProcess() async throws -> JobSpec.Program {
        if let known = own.withLock({ $0 }) { return known }
        return try await withCheckedThrowingContinuation { continuation in
            startThread(named: "manta-program") {
                continuation.resume(with: Result { try hashOwn() })
            }
        }
    }

    private static func hashOwn() throws(ClusterError) -> JobSpec.Program {
        let file = open(ownPath, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable(ownPath) }
        defer { close(file) }
        let program = try of(file, at: ownPath)
        own.withLock { $0 = program }
        return program
    }

    /// What is in an open file, which is read from its start.
    ///
    /// - Parameters:
    ///   - file: Its descriptor; the position stays as it is.
    ///   - path: For errors.
    /// - Returns: The digest, and how many bytes there were.
    /// - Throws: ``ClusterError`` with code `invalidArgument` when it cannot be read.
    static func of(_ file: Int32, at path: String) throws(ClusterError) -> JobSpec.Program {
        guard let digest = manta_sha256_new() else {
            throw ClusterError(
                .invalidArgument,
                "the system's OpenSSL has no SHA-256",
                hint: "check its configuration, openssl.cnf"
            )
        }
        defer { manta_sha256_free(digest) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = 0
        while true {
            let count = pread(file, buffer.baseAddress, buffer.count, offset)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path) }
            if count == 0 { break }
            guard manta_sha256_update(digest, buffer.baseAddress, count) == 1 else { throw failed(path) }
            offset += count
        }
        var bytes = [UInt8](repeating: 0, count: ProgramID.byteCount)
        guard manta_sha256_finish(digest, &bytes) == 1, let id = try? ProgramID(bytes) else {
            throw failed(path)
        }
        return JobSpec.Program(id: id, byteCount: offset)
    }

    private static func failed(_ path: String) -> ClusterError {
        ClusterError(.invalidArgument, "OpenSSL could not compute the SHA-256 of \(path)")
    }

    private static func unreadable(_ path: String) -> ClusterError {
        ClusterError(.invalidArgument, "cannot read \(path): \(describe(error: errno))")
    }
}
