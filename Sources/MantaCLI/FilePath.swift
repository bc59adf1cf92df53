internal import FoundationEssentials
internal import Glibc
internal import MantaTransport

/// Paths as the tool is given them.
package enum FilePath {
    /// From the root: a daemon's files are used by processes that run elsewhere.
    package static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    /// Why no files can be made in a folder; `nil` when they can. It is made if it is missing, but not those above it.
    static func obstacle(toFilesIn folder: String) -> String? {
        if mkdir(folder, 0o700) == 0 { return nil }
        guard errno == EEXIST else { return describe(error: errno) }
        var status = stat()
        guard stat(folder, &status) == 0 else { return describe(error: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return describe(error: ENOTDIR) }
        return access(folder, W_OK | X_OK) == 0 ? nil : describe(error: errno)
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
