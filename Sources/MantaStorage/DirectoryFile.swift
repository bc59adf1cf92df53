internal import Foundation
internal import Glibc
internal import GRDB
internal import MantaCore
internal import MantaGCS

/// The file of a directory, before it is opened: what may be said of it by its first bytes, and a new one.
enum DirectoryFile {
    /// `PRAGMA application_id`, at byte 68 of the file: "Mnta".
    private static let application: UInt32 = 0x4d6e_7461
    /// `PRAGMA user_version`, at byte 60: how tables are laid out. What is in the entries has a version of its own.
    private static let version: UInt32 = 1
    private static let magic = Array("SQLite format 3\0".utf8)

    static func makeFolder(_ folder: String) throws(ClusterError) {
        do {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw ClusterError(
                .invalidArgument,
                "the folder \(folder) for the directory cannot be made: \(error.localizedDescription)",
                hint: "choose another one, in which the head's user may write"
            )
        }
    }

    /// Makes the file if there is none yet.
    ///
    /// - Parameters:
    ///   - path: Of the file.
    ///   - markedNumber: How many commits were told to be durable.
    /// - Throws: ``ClusterError`` when it is no file of ours, a later version's, or not all there.
    static func prepare(_ path: String, markedNumber: UInt64) throws(ClusterError) {
        let head = try read(path, count: 100)
        guard let head, !head.isEmpty else {
            let wal = try read(path + "-wal", count: 1)
            guard markedNumber == 0, wal?.isEmpty != false else {
                throw torn(
                    path,
                    "\(head == nil ? "it is missing" : "it is empty"), and \(markedNumber) commits were made"
                )
            }
            return try make(path)
        }
        guard head.count == 100, head.starts(with: magic) else {
            throw damaged(path, "its first bytes are not those of an SQLite file")
        }
        guard number(at: 68, in: head) == application else {
            throw damaged(path, "it is an SQLite file, but not one of a directory")
        }
        let found = number(at: 60, in: head)
        guard found == version else {
            throw ClusterError(
                .incompatible,
                "\(path) has layout \(found), and this version reads \(version)",
                hint: "start the head with the version that wrote it, or a later one"
            )
        }
    }

    private static func number(at offset: Int, in bytes: [UInt8]) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// At most `count` bytes from the beginning; `nil` when there is no file.
    private static func read(_ path: String, count: Int) throws(ClusterError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw unusable(path, "cannot be opened")
        }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: count)
        let length = pread(file, &bytes, count, 0)
        guard length >= 0 else { throw unusable(path, "cannot be read") }
        return Array(bytes[..<length])
    }

    // MARK: A new one

    /// Makes an empty directory beside the path, and moves it there when it is complete: a file at the path is never half
    /// made.
    private static func make(_ path: String) throws(ClusterError) {
        let draft = path + ".new"
        for leftover in [draft, draft + "-wal", draft + "-shm", draft + "-journal"] { unlink(leftover) }
        do {
            let database = try DatabaseQueue(path: draft)
            try database.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try database.inTransaction {
                    try database.execute(sql: "PRAGMA application_id = \(application)")
                    try database.execute(sql: "PRAGMA user_version = \(version)")
                    for kind in StoredEntry.Kind.allCases {
                        try database.execute(
                            sql: """
                                CREATE TABLE \(kind.table)
                                (id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, value BLOB NOT NULL) STRICT
                                """
                        )
                    }
                    try database.execute(sql: "CREATE TABLE commits (number INTEGER NOT NULL) STRICT")
                    try database.execute(sql: "INSERT INTO commits VALUES (0)")
                    return .commit
                }
                try database.execute(sql: "PRAGMA journal_mode = WAL")
            }
            try database.close()
        } catch {
            throw ClusterError(
                .invalidArgument,
                "a directory cannot be made at \(path): \(error)",
                hint: "the head's user has to be able to write there, and there has to be room"
            )
        }
        guard rename(draft, path) == 0 else { throw unusable(path, "cannot be made") }
        try synchronise(folderOf: path)
    }

    /// Makes the names in a folder durable.
    static func synchronise(folderOf path: String) throws(ClusterError) {
        let folder = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        let descriptor = open(folder.isEmpty ? "/" : String(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unusable(path, "is in a folder that cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw unusable(path, "cannot be made durable") }
    }

    // MARK: Errors

    static func torn(_ path: String, _ what: String) -> ClusterError {
        ClusterError(
            .undecodable,
            "\(path) is not all there: \(what)",
            hint:
                "put back the file and its -wal from a backup. To serve an older state on purpose, remove the file "
                + "directory.mark beside it: what happened since then is forgotten"
        )
    }

    static func damaged(_ path: String, _ what: String) -> ClusterError {
        ClusterError(
            .undecodable,
            "\(path) cannot be used: \(what)",
            hint:
                "put it back from a backup, or move it away with the other files of its folder to begin with an "
                + "empty directory"
        )
    }

    static func unusable(_ path: String, _ what: String) -> ClusterError {
        let number = errno
        return ClusterError(
            .invalidArgument,
            "\(path) \(what): \(String(cString: strerror(number)))",
            hint: "the head's user has to be able to read and write it, and its folder"
        )
    }
}
