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
            return try await show([.own(of: LocalLogs(in: try folder()))])
        }
        try await cluster.ask { try await show(try await LogChoice.all(of: LogTarget(target), $0)) }
    }

    /// Also of a node that does not run any more.
    private func folder() throws(ClusterError) -> String {
        if let named = choice.named { return named }
        let all = NodeFolder.all
        if NodeChoice.live.isEmpty, all.count == 1 { return all[0] }
        return try choice.folder()
    }

    private func show(_ choices: [LogChoice]) async throws {
        var found: [LogView] = []
        for choice in choices { found += try await choice.views(listsAll: list) }
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
