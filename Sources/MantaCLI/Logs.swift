internal import ArgumentParser
internal import Manta
internal import MantaCore
internal import MantaGCS

/// Shows logs.
struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the log of a node, or what a job, an actor or a program has printed.",
        usage: "manta logs [<target>] [<options>]",
        discussion: """
            Without a target: the log of this machine's node, from its files, whether it runs or not. Those of other \
            nodes come through the head, as long as the node is in the cluster.

            A node is named as manta list nodes shows it, by its identifier or its address; a job by its identifier; a \
            program in the background by the name that manta submit --detach has given it. An actor is named by its \
            name, or as manta list actors shows it; what it shares its worker with is in the same log. Its log is \
            that of its present worker; those of earlier ones are among its job's. With --follow it goes on where the \
            actor does.
            """
    )

    @Argument(
        help: ArgumentHelp("A node, a job, an actor, or a program in the background.", valueName: "target")
    )
    var target: String?

    @OptionGroup
    var choice: NodeChoice

    @OptionGroup
    var cluster: ClusterChoice

    @Flag(name: .shortAndLong, help: "Go on with what is added, until Ctrl-C.")
    var follow = false

    @Option(
        help: ArgumentHelp("How many of the last lines are shown; 0 for all.", valueName: "n")
    )
    var tail: UInt32 = 100

    @Flag(help: "List the logs, all of a node, instead of showing them.")
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
        if let choice = ownProgram(target) { return try await show([choice]) }
        try await cluster.ask { observer in
            try await show(try await LogChoice.all(of: LogTarget(target), observer), observer)
        }
    }

    /// Also of a node that does not run any more.
    private func folder() throws(ClusterError) -> String {
        if let named = choice.named { return named }
        let all = NodeFolder.all
        let ended = NodeChoice.live.isEmpty && all.count == 1 ? all.first : nil
        // The folder in the environment may be of any node; a cluster that is named comes before it.
        guard cluster.place.address != nil || cluster.place.variable != nil else {
            if let ended { return ended }
            return try choice.folder()
        }
        do { return try cluster.place.find().directory } catch {
            guard cluster.place.address == nil, let ended else { throw error }
            return ended
        }
    }

    /// A program that was started in the background from this machine: its log is here, whether the cluster runs or not.
    private func ownProgram(_ text: String) -> LogChoice? {
        guard let log = LogTarget.programLog(text) else { return nil }
        let folders = NodeFolder.all + (ClusterAddress.chosenDirectory.map { [$0] } ?? [])
        return folders.first { FilePath.exists("\(NodeFolder.logs(in: $0))/\(log)") }
            .map { .log(log, of: LocalLogs(in: $0)) }
    }

    private func show(_ choices: [LogChoice], _ observer: ClusterObserver? = nil) async throws {
        var found: [LogView] = []
        for choice in choices { found += try await choice.views(isForList: list) }
        if list, !found.isEmpty { return Console.print(LogView.table(found).lines) }
        let actor = choices.first?.actor
        guard !found.isEmpty || actor != nil && follow && !list else {
            throw missing(choices.map(\.source.title).joined(separator: ", "), actor)
        }
        if let note = actor.flatMap({ ActorTrail.earlier(than: $0, log: found.first?.file.name) }) {
            Console.note("manta: \(note)")
        }
        var shown = LogShow(found, lineCount: tail == 0 ? nil : Int(tail))
        try await shown.begin()
        guard follow else { return }
        if let actor, let observer {
            try await shown.follow(ActorTrail(of: actor, observer))
        } else {
            try await shown.follow()
        }
    }

    private func missing(_ place: String, _ actor: ActorInfo?) -> ClusterError {
        guard let actor else {
            return ClusterError(
                .invalidArgument,
                "there is no such log on \(place)",
                hint: "manta logs --list shows those of this machine's node, manta logs NODE --list those of "
                    + "another; logs of an embedded cluster are its driver's output"
            )
        }
        return ClusterError(
            .invalidArgument,
            "the worker of \(actor.id) on \(place) has printed nothing",
            hint: ActorTrail.earlier(than: actor, log: nil)
                ?? "with --follow what it prints is shown as it comes"
        )
    }
}
