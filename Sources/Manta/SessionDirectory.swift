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
        // Locked before it has its name: one who sweeps takes a folder for abandoned whose lock he gets.
        let unnamed = "\(path)/lock-unnamed"
        lock = open(unnamed, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0, rename(unnamed, "\(path)/lock") == 0 else {
            throw Self.failure("lock", path)
        }
    }

    /// Takes the folder at `path` for a daemon, which keeps it: logs and data stay there after its end. What a daemon left
    /// that was killed is removed.
    ///
    /// - Throws: ``ClusterError`` when another daemon has it, or it cannot be used.
    init(daemon path: String) throws(ClusterError) {
        self.path = path
        try Self.makeParents(of: path)
        try Self.makePrivate(path)
        // As long as the name of the longest socket in it.
        guard path.utf8.count + "/process-ffffffffffffffff-objects-0".utf8.count < 108 else {
            throw ClusterError(
                .invalidArgument,
                "the path of the folder \(path) is too long for sockets in it",
                hint: "choose one of at most 70 bytes with --directory"
            )
        }
        lock = open("\(path)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.failure("open", "\(path)/lock") }
        guard manta_byte_lock(lock, 0) == 0 else {
            _ = manta_close(lock)
            throw ClusterError(
                .invalidArgument,
                "a node runs in \(path) already",
                hint: "stop it with manta stop --directory \(path), or choose another folder with --directory"
            )
        }
        removeSockets()
        NodeFolder.writeProcessID(in: path)
    }

    static func makeParents(of path: String) throws(ClusterError) {
        let parts = path.split(separator: "/").dropLast()
        for count in parts.indices {
            let parent = "/" + parts[...count].joined(separator: "/")
            guard mkdir(parent, 0o700) == 0 || errno == EEXIST else { throw failure("mkdir", parent) }
        }
    }

    /// A daemon's end: what it keeps stays.
    func leave() {
        removeSockets()
        unlink("\(path)/\(SessionCard.fileName)")
        unlink("\(path)/\(NodeFolder.processIDFile)")
        _ = manta_close(lock)
    }

    /// Those of processes that have ended: a driver outlives its node, and is found again by the next one here.
    private func removeSockets() {
        for name in FolderEntries.names(in: path) where name.hasPrefix("process-") {
            let socket = "\(path)/\(name)"
            if manta_socket_is_abandoned(socket) { unlink(socket) }
        }
    }

    func publish(_ card: SessionCard) throws { try card.write(to: path) }

    /// Removes the folder and all in it.
    func remove() {
        Self.remove(path)
        _ = manta_close(lock)
    }

    /// `$TMPDIR`, else `/tmp`.
    static var temporaryFolder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    static func makePrivate(_ path: String) throws(ClusterError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("mkdir", path) }
        var status = stat()
        guard lstat(path, &status) == 0 else { throw failure("lstat", path) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid(), status.st_mode & 0o077 == 0
        else {
            throw ClusterError(
                .invalidArgument,
                "\(path) is not a folder that only this user can enter",
                hint: "have it belong to this user with mode 0700 (chmod 700), or choose another folder"
            )
        }
    }

    private static func failure(_ call: String, _ path: String) -> ClusterError {
        ClusterError(
            .invalidArgument,
            "\(call) of \(path) failed: \(describe(error: errno))",
            hint: "choose one that this user can write to: TMPDIR for programs, --directory for nodes"
        )
    }

    /// Removes the folders whose drivers are gone.
    private static func sweep(_ base: String) {
        for name in FolderEntries.names(in: base) { removeIfAbandoned("\(base)/\(name)") }
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
        for name in FolderEntries.names(in: path) {
            let entry = "\(path)/\(name)"
            // One of its own folders, such as that of programs.
            if unlink(entry) != 0, errno == EISDIR { remove(entry) }
        }
        rmdir(path)
    }
}
