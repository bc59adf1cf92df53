internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Which of this machine's nodes a command is for.
struct NodeChoice: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of the node. (default: MANTA_DIRECTORY, or that of the only one that runs)",
            valueName: "path"
        ),
        completion: .directory
    )
    var directory: String?

    @Option(help: ArgumentHelp("The port of a node whose folder is the usual one.", valueName: "n"))
    var port: UInt16?

    func validate() throws {
        guard directory == nil || port == nil else {
            throw ValidationError("--directory and --port both name a node: give one of them.")
        }
    }

    /// The folder that was named; `nil` when none was.
    var named: String? { directory.map(FilePath.absolute) ?? port.map { NodeFolder.path(port: $0) } }

    /// - Throws: ``ClusterError``: `notConnected` when no node runs, `invalidArgument` when several do and none was named.
    func folder() throws(ClusterError) -> String {
        if let named = named ?? ClusterAddress.chosenDirectory {
            guard SessionCard.isLive(named) else { throw Self.nothing("in \(named)") }
            return named
        }
        let live = Self.live
        guard let only = live.first else { throw Self.nothing("on this machine, in \(NodeFolder.base)") }
        guard live.count == 1 else {
            throw ClusterError(
                .invalidArgument,
                "\(live.count) nodes run on this machine: \(live.joined(separator: ", "))",
                hint: "name one with --directory or --port"
            )
        }
        return only
    }

    /// The folders of the nodes that run, among the usual ones.
    static var live: [String] { NodeFolder.all.filter(SessionCard.isLive) }

    private static func nothing(_ place: String) -> ClusterError {
        ClusterError(
            .notConnected,
            "no node runs \(place)",
            hint: "a node in another folder is named with --directory"
        )
    }
}
