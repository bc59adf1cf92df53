import Foundation
import Glibc

/// Finds the files to index: each path that is a file, and all files in each that is a folder.
///
/// Leaves out what is hidden, what is no regular file (reading a pipe might never end), and links to folders,
/// which might lead back. The order is that of the paths, then of names, so that every run numbers the files
/// alike.
struct FileSearch {
    private(set) var files: [String] = []
    /// What could not be looked at.
    private(set) var failures: [FileFailure] = []
    /// A file that two of the paths lead to is indexed once.
    private var seen: Set<String> = []

    /// - Throws: ``MissingPaths`` if any of `paths` leads nowhere.
    init(_ paths: [String]) throws {
        let missing = paths.filter { Self.isMissing($0) }
        guard missing.isEmpty else { throw MissingPaths(paths: missing) }
        for path in paths { visit(path, isGiven: true) }
    }

    private mutating func visit(_ path: String, isGiven: Bool) {
        do throws(FileFailure) {
            switch try Self.kind(of: path, followsLink: false) {
            case S_IFDIR: try visitFolder(path)
            case S_IFREG: add(path)
            case S_IFLNK: try visitLink(path, isGiven: isGiven)
            default:
                if isGiven { throw FileFailure(path: path, reason: "neither a file nor a folder") }
            }
        } catch {
            if isNew(path) { failures.append(error) }
        }
    }

    private mutating func visitFolder(_ path: String) throws(FileFailure) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw FileFailure(path: path, reason: FileFailure.reason(error))
        }
        for name in names.sorted() where !name.hasPrefix(".") {
            visit(path.hasSuffix("/") ? path + name : "\(path)/\(name)", isGiven: false)
        }
    }

    private mutating func visitLink(_ path: String, isGiven: Bool) throws(FileFailure) {
        switch try Self.kind(of: path, followsLink: true) {
        case S_IFREG: add(path)
        case S_IFDIR where isGiven: try visitFolder(path)
        default: break
        }
    }

    private mutating func add(_ path: String) {
        if isNew(path) { files.append(path) }
    }

    private mutating func isNew(_ path: String) -> Bool {
        seen.insert(URL(fileURLWithPath: path).standardizedFileURL.path).inserted
    }

    /// Whether there is nothing by that name; what is there but cannot be looked at is not missing.
    private static func isMissing(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR)
    }

    /// `S_IFREG`, `S_IFDIR` and so on: asked of the system, because Foundation does not tell why a link leads
    /// nowhere.
    private static func kind(of path: String, followsLink: Bool) throws(FileFailure) -> mode_t {
        var status = stat()
        guard (followsLink ? stat(path, &status) : lstat(path, &status)) == 0 else {
            let reason = String(cString: strerror(errno))
            throw FileFailure(
                path: path,
                reason: followsLink ? "a link that leads nowhere: \(reason)" : reason
            )
        }
        return status.st_mode & S_IFMT
    }
}

/// Paths were given that lead nowhere.
struct MissingPaths: Error, CustomStringConvertible {
    var paths: [String]

    var description: String { "no such file or folder: " + paths.map { "\"\($0)\"" }.joined(separator: ", ") }
}
