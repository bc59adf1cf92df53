import Foundation

/// Manta's own sources and documentation, which are indexed when no path is given.
enum ProjectFolders {
    /// Looks in the current folder, then in each above it. The folder of the samples has `Sources` too, so
    /// what counts is the framework's.
    ///
    /// - Throws: ``NoProject`` if neither the current folder nor any above it is the project.
    static func find() throws -> [String] {
        let current = FileManager.default.currentDirectoryPath
        var prefix = ""
        for _ in URL(fileURLWithPath: current).pathComponents {
            if isFolder(prefix + "Sources/Manta") {
                return ["Sources", "Documentation"].map { prefix + $0 }.filter { isFolder($0) }
            }
            prefix += "../"
        }
        throw NoProject(folder: current)
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

/// There is nothing to index by default.
struct NoProject: Error, CustomStringConvertible {
    var folder: String

    var description: String {
        "no path is given, and neither \(folder) nor a folder above it is a copy of Manta, whose Sources and Documentation would be "
            + "indexed: name files or folders to index"
    }
}
