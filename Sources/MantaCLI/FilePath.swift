internal import FoundationEssentials
internal import Glibc

/// Paths as the tool is given them.
package enum FilePath {
    /// From the root: a daemon's files are used by processes that run elsewhere.
    package static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
