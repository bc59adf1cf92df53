internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import Synchronization

/// The number of the last commit that was told to be durable, in a file of its own.
///
/// SQLite takes what is torn at the end of its WAL for a commit that was never told of, and drops it in silence. It is right
/// after a crash, and wrong when the file was cut or changed afterwards; the mark tells the two apart. It is written after
/// the commit and not synchronised, because it may lag behind, but never be ahead: a directory that has more is right.
///
///     0   8  "MantaMrk"
///     8   8  the number, little endian
///     16  4  CRC32C of the 16 bytes before
final class CommitMark: Sendable {
    private static let byteCount = 20
    private static let magic = Array("MantaMrk".utf8)

    /// What it said when it was opened; 0 for a new one.
    let number: UInt64
    private let path: String
    private let descriptor: Mutex<Int32>

    init(_ path: String) throws(ClusterError) {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw DirectoryFile.unusable(path, "cannot be opened") }
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        let count = pread(file, &bytes, bytes.count, 0)
        if count == 0 {
            number = 0
        } else if count == bytes.count, bytes == Self.bytes(of: Self.number(in: bytes)) {
            number = Self.number(in: bytes)
        } else {
            Glibc.close(file)
            throw ClusterError(
                .undecodable,
                "\(path) is damaged, so nobody knows whether the directory beside it is all there",
                hint: "put it back from a backup; if the directory is certainly whole, remove this file"
            )
        }
        self.path = path
        descriptor = Mutex(file)
    }

    deinit { close() }

    func write(_ number: UInt64) throws(ClusterError) {
        let bytes = Self.bytes(of: number)
        let count = descriptor.withLock { pwrite($0, bytes, bytes.count, 0) }
        guard count == bytes.count else { throw DirectoryFile.unusable(path, "cannot be written") }
    }

    func close() {
        descriptor.withLock { file in
            if file >= 0 { Glibc.close(file) }
            file = -1
        }
    }

    private static func number(in bytes: [UInt8]) -> UInt64 {
        bytes[8..<16].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func bytes(of number: UInt64) -> [UInt8] {
        let head = magic + withUnsafeBytes(of: number.littleEndian) { Array($0) }
        let checksum = head.withUnsafeBytes { manta_crc32c(0, $0.baseAddress, $0.count) }
        return head + withUnsafeBytes(of: checksum.littleEndian) { Array($0) }
    }
}
