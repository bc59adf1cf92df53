internal import ArgumentParser
internal import Manta
internal import MantaCore
internal import MantaGCS

/// Shows logs.
struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the log of a node, or what the workers of a job or an actor have printed.",
        usage: "manta logs [<target>] [<options>]",
        discussion: """
            Without a target: the log of this machine's node, from its files, whether it runs or not. Those of other \
            nodes come through the head, as long as the node is in the cluster.

            An actor is named by its name, or as manta list actors shows it; what it shares its worker with is in the \
            same log.
            """
    )

    @Argument(help: ArgumentHelp("A node, a job or an actor.", valueName: "target"))
    var target: String?

    @OptionGroup
    var choice: NodeChoice

    @OptionGroup
    var cluster: ClusterChoice

    @Flag(name: .shortAndLong, help: "Go on with what is added, until Ctrl-C.")
    var follow = false

    @Option(
        help: ArgumentHelp("How many of the last lines are shown; 0 for all. (default: 100)", valueName: "n")
    )
    var tail: UInt32 = 100

    @Flag(help: "List the logs there are, instead of showing them.")
    var list = false

    func validate() throws {
        guard target == nil || choice.named == nil else {
            throw ValidationError(
                "--directory and --port name a node of this machine: leave them away, or the target."
            )
        }
    }

    func run() async throws {
        guard let target else {
            return try await show([Self.ownLog(of: LocalLogs(in: try folder()))])
        }
        try await cluster.ask { try await show(try await Self.sources(of: LogTarget(target), $0)) }
    }

    /// Also of a node that does not run any more.
    private func folder() throws(ClusterError) -> String {
        if let named = choice.named { return named }
        let all = NodeFolder.all
        if NodeChoice.live.isEmpty, all.count == 1 { return all[0] }
        return try choice.folder()
    }

    private typealias Choice = (source: any LogSource, isWanted: @Sendable (String) -> Bool)

    private static func ownLog(of source: any LogSource) -> Choice { (source, { $0 == "node.log" }) }

    private static func sources(of target: LogTarget, _ observer: ClusterObserver) async throws -> [Choice] {
        switch target {
        case .node(let node): return [ownLog(of: RemoteLogs(observer: observer, node: node))]
        case .job(let job):
            return try await observer.nodes().map { node in
                (RemoteLogs(observer: observer, node: node.id), { $0.hasPrefix("job-\(job)/") })
            }
        case .actor(let text):
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
            return [(RemoteLogs(observer: observer, node: node), { $0.hasSuffix("/worker-\(process).log") })]
        }
    }

    private func show(_ choices: [Choice]) async throws {
        var found: [LogView] = []
        for (source, isWanted) in choices {
            for file in try await source.files() where list || isWanted(file.name) {
                found.append(LogView(source: source, file: file))
            }
        }
        if list { return Console.print(LogView.table(found).lines) }
        guard !found.isEmpty else {
            throw ClusterError(
                .invalidArgument,
                "there is no such log on \(choices.map(\.source.title).joined(separator: ", "))",
                hint: "--list shows those that there are; logs of an embedded cluster are its driver's output"
            )
        }
        let hasTitles = found.count > 1
        for index in found.indices {
            try await found[index].begin(lineCount: tail == 0 ? nil : Int(tail))
            try await found[index].showMore(hasTitle: hasTitles)
        }
        while follow {
            try await Task.sleep(for: .milliseconds(250))
            for index in found.indices { try await found[index].showMore(hasTitle: hasTitles) }
        }
    }
}
