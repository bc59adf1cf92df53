internal import CMantaShims
internal import Glibc
internal import MantaCore
internal import MantaTransport

/// The folder in which the processes of one embedded cluster listen: mode 0700, removed at the end.
///
/// A driver that is killed cannot remove its folder; the next one to start does. A lock on a file inside,
/// which ends with the process, tells whose driver still lives.
final class SessionDirectory: Sendable {
    let path: String
    private let lock: Int32

    /// Makes the folder of `cluster` under `$TMPDIR/manta-<user>`, after removing those of dead drivers.
    init(cluster: UInt64) throws(ClusterError) {
        let base = "\(Self.temporaryFolder)/manta-\(geteuid())"
        try Self.makePrivate(base)
        Self.sweep(base)
        path = "\(base)/\(String(cluster, radix: 16))"
        try Self.makePrivate(path)
        lock = open("\(path)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw Self.failure("lock", path) }
    }

    /// Removes the folder and all in it.
    func remove() {
        Self.remove(path)
        _ = manta_close(lock)
    }

    /// `$TMPDIR`, else `/tmp`.
    static var temporaryFolder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    private static func makePrivate(_ path: String) throws(ClusterError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("mkdir", path) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure("lstat", path) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0
        else {
            throw ClusterError(
                .invalidArgument,
                "\(path) is not a folder that only this user can enter",
                hint: "remove it, or set TMPDIR to another folder"
            )
        }
    }

    private static func failure(_ call: String, _ path: String) -> ClusterError {
        ClusterError(
            .invalidArgument,
            "\(call) of \(path) failed: \(describe(error: errno))",
            hint: "set TMPDIR to a folder that this user can write to"
        )
    }

    /// Removes the folders whose drivers are gone.
    private static func sweep(_ base: String) {
        for name in entries(of: base) { removeIfAbandoned("\(base)/\(name)") }
    }

    /// Takes the socket of a process that ends out of its folder.
    static func leave(_ endpoint: Endpoint) {
        if case .unix(let socket) = endpoint { unlink(socket) }
    }

    /// Removes a folder whose driver is gone.
    private static func removeIfAbandoned(_ path: String) {
        let lock = open("\(path)/lock", O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { return }
        if flock(lock, LOCK_EX | LOCK_NB) == 0 { remove(path) }
        _ = manta_close(lock)
    }

    private static func remove(_ path: String) {
        for name in entries(of: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    private static func entries(of path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
