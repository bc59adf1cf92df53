internal import Manta
internal import MantaCore
internal import MantaGCS

/// Which logs of a node are asked for.
struct LogChoice: Sendable {
    let source: any LogSource
    private let isWanted: @Sendable (String) -> Bool
    /// A process number may have been another worker's before.
    private var isForNewest = false

    private init(source: any LogSource, isWanted: @escaping @Sendable (String) -> Bool) {
        self.source = source
        self.isWanted = isWanted
    }

    /// That of the daemon itself.
    static func own(of source: any LogSource) -> LogChoice { LogChoice(source: source) { $0 == "node.log" } }

    /// Those that a target means.
    ///
    /// - Throws: ``ClusterError`` with code `noSuchActor` when it is an actor that the cluster does not know.
    static func all(of target: LogTarget, _ observer: ClusterObserver) async throws -> [LogChoice] {
        switch target {
        case .node(let node): return [own(of: RemoteLogs(observer: observer, node: node))]
        case .job(let job):
            let folder = LogTarget.folder(of: job) + "/"
            return try await observer.nodes().map { node in
                LogChoice(source: RemoteLogs(observer: observer, node: node.id)) { $0.hasPrefix(folder) }
            }
        case .actor(let text): return [try await choice(ofActor: text, observer)]
        }
    }

    private static func choice(ofActor text: String, _ observer: ClusterObserver) async throws -> LogChoice {
        guard let actor = LogTarget.actor(text, among: try await observer.actors()) else {
            throw ClusterError(
                .noSuchActor,
                "\"\(text)\" is no node, no job, and no actor that the cluster knows",
                hint:
                    "manta list nodes, manta list jobs and manta list actors --dead show those that there are"
            )
        }
        guard let node = actor.node, let process = actor.processID else {
            throw ClusterError(
                .noSuchActor,
                "\(actor.id) has had no worker yet: it is \(actor.state.rawValue)"
            )
        }
        var choice = LogChoice(source: RemoteLogs(observer: observer, node: node)) {
            $0.hasSuffix("/worker-\(process).log")
        }
        choice.isForNewest = true
        return choice
    }

    /// The logs; all of the node's with `listsAll`.
    func views(listsAll: Bool) async throws -> [LogView] {
        let files = try await source.files().filter { listsAll || isWanted($0.name) }
        let newest = files.max { $0.modified < $1.modified }.map { [$0] } ?? []
        return (isForNewest && !listsAll ? newest : files).map { LogView(source: source, file: $0) }
    }
}
