internal import Glibc

/// What the system says of a file that changes when its bytes do.
struct FileStamp: Hashable, Sendable {
    private var device: UInt64
    private var inode: UInt64
    let byteCount: Int
    private var modified: [Int]

    /// Of an open file; `nil` if it is no regular file of this user.
    init?(_ file: Int32) {
        var status = stat()
        guard fstat(file, &status) == 0 else { return nil }
        self.init(status)
    }

    /// Of what is at `path`, which is not followed if it is a link.
    init?(at path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    private init?(_ status: stat) {
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        byteCount = Int(status.st_size)
        modified = [
            status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
        ]
    }
}
