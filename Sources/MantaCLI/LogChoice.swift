internal import Manta
internal import MantaCore
internal import MantaGCS

/// Which logs of a node are asked for.
struct LogChoice: Sendable {
    let source: any LogSource
    /// Whose worker's log it is.
    private(set) var actor: ActorInfo?
    private let isWanted: @Sendable (String) -> Bool
    /// Of those that there are, which `--list` shows.
    private let isListed: @Sendable (String) -> Bool

    private init(
        source: any LogSource,
        actor: ActorInfo? = nil,
        isListed: (@Sendable (String) -> Bool)? = nil,
        isWanted: @escaping @Sendable (String) -> Bool
    ) {
        self.source = source
        self.actor = actor
        self.isWanted = isWanted
        self.isListed = isListed ?? isWanted
    }

    /// That of the daemon itself; all of the node's are listed.
    static func own(of source: any LogSource) -> LogChoice {
        LogChoice(source: source, isListed: { _ in true }, isWanted: { $0 == "node.log" })
    }

    /// The one with this name.
    static func log(_ name: String, of source: any LogSource) -> LogChoice {
        LogChoice(source: source) { $0 == name }
    }

    /// That of the actor's present worker, or its last; `nil` when it has none.
    static func worker(of actor: ActorInfo, _ observer: ClusterObserver) -> LogChoice? {
        guard let node = actor.node, let process = actor.processID else { return nil }
        return LogChoice(source: RemoteLogs(observer: observer, node: node), actor: actor) {
            $0.hasSuffix("/worker-\(process).log")
        }
    }

    /// Those that a target means.
    ///
    /// - Throws: ``ClusterError`` with code `noSuchActor` when it is nothing that the cluster knows.
    static func all(of target: LogTarget, _ observer: ClusterObserver) async throws -> [LogChoice] {
        switch target {
        case .node(let node): return [own(of: RemoteLogs(observer: observer, node: node))]
        case .job(let job):
            let folder = LogTarget.folder(of: job) + "/"
            return try await observer.nodes().map { node in
                LogChoice(source: RemoteLogs(observer: observer, node: node.id)) { $0.hasPrefix(folder) }
            }
        case .name(let text): return [try await choice(of: text, observer)]
        }
    }

    private static func choice(of text: String, _ observer: ClusterObserver) async throws -> LogChoice {
        if let actor = LogTarget.actor(text, among: try await observer.actors()) {
            if let choice = worker(of: actor, observer) { return choice }
            throw ClusterError(.noSuchActor, "\(actor.id) has no worker: it is \(actor.state.rawValue)")
        }
        let nodes = try await observer.nodes()
        if let node = nodes.first(where: { $0.address == text }) {
            return own(of: RemoteLogs(observer: observer, node: node.id))
        }
        if let log = LogTarget.programLog(text) {
            for node in nodes {
                // A node that is being lost is in the way of no other.
                let source = RemoteLogs(observer: observer, node: node.id)
                guard let files = try? await source.files(), files.contains(where: { $0.name == log }) else {
                    continue
                }
                return Self.log(log, of: source)
            }
        }
        throw ClusterError(
            .noSuchActor,
            "\"\(text)\" is no node, no job, no actor and no program in the background that the cluster knows",
            hint: "manta list nodes, manta list jobs and manta list actors --dead show those that there are; "
                + "manta logs --list shows the logs of a node"
        )
    }

    /// The logs; with `isForList` those that are listed.
    func views(isForList: Bool = false) async throws -> [LogView] {
        let files = try await source.files().filter { isForList ? isListed($0.name) : isWanted($0.name) }
        // The number of an actor's worker may have been another's before.
        let isForNewest = actor != nil && !isForList
        let newest = files.max { $0.modified < $1.modified }.map { [$0] } ?? []
        return (isForNewest ? newest : files).map { LogView(source: source, file: $0) }
    }
}
