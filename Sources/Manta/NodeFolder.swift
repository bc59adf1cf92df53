internal import FoundationEssentials
internal import Glibc
package import MantaCore

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
        let names = (try? FileManager.default.contentsOfDirectory(atPath: base)) ?? []
        return names.filter { $0.hasPrefix("node-") }.sorted().map { "\(base)/\($0)" }
    }
}
