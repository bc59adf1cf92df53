import Glibc
import MantaCore
import MantaObjectTransfer
import Testing

/// Writes an object of which nothing but its bytes matters.
func spill(_ id: ObjectID, _ bytes: [UInt8], to folder: SpillFolder) throws {
    let head = ObjectHead(
        id: id,
        byteCount: bytes.count,
        lead: 0,
        owner: id.creator,
        holdsReferences: false
    )
    try bytes.withUnsafeBytes { try folder.write(head, $0) }
}

/// All bytes of a spilled object.
func contents(of object: SpilledObject) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: object.byteCount)
    try bytes.withUnsafeMutableBytes { try object.read(into: $0) }
    return bytes
}

func write(_ bytes: [UInt8], to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    try #require(file >= 0)
    defer { close(file) }
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        try #require(count > 0)
        written += count
    }
}

/// All bytes of a file.
func file(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    try #require(file >= 0)
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
        try #require(count >= 0)
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}

/// A file system of its own in memory, which is full soon.
struct SmallDisk {
    let path: String

    /// Whether this process may mount one.
    static let isPossible: Bool = {
        var template = Array("/tmp/manta-mount-XXXXXX".utf8CString)
        guard geteuid() == 0, mkdtemp(&template) != nil else { return false }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { rmdir(path) }
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { return false }
        umount(path)
        return true
    }()

    static func with(byteCount: Int, _ body: (SmallDisk) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let disk = SmallDisk(path: "\(folder)/disk")
            mkdir(disk.path, 0o700)
            try #require(mount("tmpfs", disk.path, "tmpfs", 0, "size=\(byteCount),mode=700") == 0)
            // Lazily: the folder under test may hold its lock still.
            defer { umount2(disk.path, Int32(MNT_DETACH)) }
            try await body(disk)
        }
    }

    func makeReadOnly() throws {
        try #require(mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0)
    }
}
