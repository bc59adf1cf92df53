internal import FoundationEssentials
internal import Glibc
package import MantaCore
internal import MantaTransport

/// Where the nodes of this machine that are daemons have their folders, unless they are told otherwise.
package enum NodeFolder {
    /// `~/.manta`; without a home, a folder of the user's in `/tmp`.
    package static var base: String {
        if let home = getenv("HOME").map({ String(cString: $0) }), home.hasPrefix("/"), home.count > 1 {
            return "\(home)/.manta"
        }
        return "/tmp/manta-nodes-\(geteuid())"
    }

    /// Of the node with this port.
    package static func path(port: UInt16) -> String { "\(base)/node-\(port)" }

    /// Makes a folder that only this user can enter, with those above it.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument`.
    package static func make(_ path: String) throws(ClusterError) {
        try SessionDirectory.makeParents(of: path)
        try SessionDirectory.makePrivate(path)
    }

    /// Those that there are, whether their nodes run or not.
    package static var all: [String] {
        FolderEntries.names(in: base).filter { $0.hasPrefix("node-") }.sorted().map { "\(base)/\($0)" }
    }

    /// Where a node's own log is, and the folders in which the output of jobs is.
    package static func logs(in directory: String) -> String { "\(directory)/logs" }

    // MARK: Its process

    /// Holds the number of the process that has the folder, or had it: only its lock tells which.
    static let processIDFile = "pid"

    static func writeProcessID(in directory: String) {
        let path = URL(filePath: "\(directory)/\(processIDFile)")
        try? Data("\(getpid())\n".utf8).write(to: path, options: .atomic)
    }

    /// The number in the folder of a node.
    package static func processID(in directory: String) -> Int32? {
        let text = try? String(contentsOfFile: "\(directory)/\(processIDFile)", encoding: .utf8)
        return text.flatMap { Int32($0.filter(\.isNumber)) }
    }

    /// Removes what a node left that was killed, unless another one runs in the folder by now.
    package static func tidy(_ directory: String) { (try? SessionDirectory(daemon: directory))?.leave() }
}
