internal import CMantaShims
internal import Glibc
package import MantaCore
package import MantaGCS
internal import MantaTransport

/// The logs in the folder of a node, for those who read them from elsewhere.
///
/// A log that has grown goes on in a new file: `a.log` is the newest part, `a.log.1` the one before. A position names its
/// file by the number that the file system gives it, so a reader misses nothing when files are renamed between two
/// questions, unless the file that it was in is gone.
package struct NodeLogs: Sendable {
    /// How much a piece has at most, in bytes.
    package static let pieceLimit = 256 << 10
    private static let partLimit = 100

    package let directory: String

    package init(directory: String) { self.directory = directory }

    /// Those that there are, by name.
    package func files() -> [LogFileInfo] {
        let top = entries("")
        let inner = top.filter(\.isFolder).flatMap { folder in entries(folder.name + "/") }
        var files: [String: LogFileInfo] = [:]
        for entry in top + inner where !entry.isFolder {
            let name = Self.withoutNumber(entry.name)
            let known = files[name]
            files[name] = LogFileInfo(
                name: name,
                byteCount: (known?.byteCount ?? 0) + entry.byteCount,
                modified: max(known?.modified ?? 0, entry.modified)
            )
        }
        return files.values.sorted { $0.name < $1.name }
    }

    /// The next bytes of a log; the first that there are, without a position.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument` when there is no such log.
    package func piece(of name: String, after position: LogPosition? = nil) throws(ClusterError) -> LogPiece {
        let parts = try parts(of: name)
        defer { for part in parts { _ = manta_close(part.descriptor) } }
        var index = parts.firstIndex { $0.file == position?.file } ?? parts.count - 1
        var offset = parts[index].file == position?.file ? position?.offset ?? 0 : 0
        // Somebody has emptied it.
        if offset > parts[index].byteCount { offset = 0 }
        var bytes = read(parts[index], from: offset)
        while bytes.isEmpty, index > 0 {
            index -= 1
            offset = 0
            bytes = read(parts[index], from: 0)
        }
        return LogPiece(
            bytes: bytes,
            next: LogPosition(file: parts[index].file, offset: offset + bytes.count),
            isEnd: index == 0 && bytes.count < Self.pieceLimit
        )
    }

    /// Where the last lines of a log begin.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument` when there is no such log.
    package func tail(of name: String, lineCount: Int) throws(ClusterError) -> LogPosition {
        let parts = try parts(of: name)
        defer { for part in parts { _ = manta_close(part.descriptor) } }
        // The break at the very end ends the last line.
        var missing = min(lineCount, 1_000_000) + 1
        for part in parts {
            var end = part.byteCount
            while end > 0 {
                let start = max(0, end - Self.pieceLimit)
                let bytes = read(part, from: start, limit: end - start)
                for index in bytes.indices.reversed() where bytes[index] == UInt8(ascii: "\n") {
                    missing -= 1
                    if missing == 0 { return LogPosition(file: part.file, offset: start + index + 1) }
                }
                end = start
            }
        }
        return LogPosition(file: parts[parts.count - 1].file, offset: 0)
    }

    // MARK: Files

    private struct Entry {
        var name: String
        var isFolder: Bool
        var byteCount: Int
        var modified: Double
    }

    private struct Part {
        var descriptor: Int32
        var file: UInt64
        var byteCount: Int
    }

    private func entries(_ prefix: String) -> [Entry] {
        var found: [Entry] = []
        for name in FolderEntries.names(in: "\(directory)/\(prefix)") {
            var status = stat()
            guard Self.isName(name), lstat("\(directory)/\(prefix)\(name)", &status) == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            guard kind == S_IFREG || kind == S_IFDIR else { continue }
            found.append(
                Entry(
                    name: prefix + name,
                    isFolder: kind == S_IFDIR,
                    byteCount: Int(status.st_size),
                    modified: Double(manta_modified("\(directory)/\(prefix)\(name)")) / 1e9
                )
            )
        }
        return found
    }

    /// The newest first, opened; at least one.
    private func parts(of name: String) throws(ClusterError) -> [Part] {
        let components = name.split(separator: "/", omittingEmptySubsequences: false)
        guard components.count <= 2, components.allSatisfy(Self.isName),
            components.count == 1 || isFolder(String(components[0]))
        else {
            throw ClusterError(.invalidArgument, "\"\(name)\" is no name of a log")
        }
        var parts: [Part] = []
        for number in 0..<Self.partLimit {
            let path = "\(directory)/\(name)" + (number == 0 ? "" : ".\(number)")
            let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            if descriptor < 0, number > 0 { break }
            guard descriptor >= 0 else { continue }
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                _ = manta_close(descriptor)
                continue
            }
            parts.append(
                Part(descriptor: descriptor, file: UInt64(status.st_ino), byteCount: Int(status.st_size))
            )
        }
        guard parts.isEmpty else { return parts }
        throw ClusterError(
            .invalidArgument,
            "there is no log \(name) in \(directory)",
            hint: "manta logs --list shows those that there are"
        )
    }

    private func read(_ part: Part, from offset: Int, limit: Int = pieceLimit) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            count = max(0, pread(part.descriptor, buffer.baseAddress, limit, off_t(offset)))
        }
    }

    /// A link to a folder is none.
    private func isFolder(_ name: String) -> Bool {
        var status = stat()
        return lstat("\(directory)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// No way out of the folder.
    private static func isName(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.utf8.contains(0)
    }

    private static func withoutNumber(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."), Int(name[name.index(after: dot)...]) != nil else {
            return name
        }
        return String(name[..<dot])
    }
}
