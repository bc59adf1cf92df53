internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Lists the actors of the cluster.
struct ListActors: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "actors",
        abstract: "List the actors, the oldest first.",
        usage: "manta list actors [<options>]"
    )

    @OptionGroup
    var options: ListOptions

    @Flag(help: "Also those that are dead, with why.")
    var dead = false

    @Option(
        help: ArgumentHelp("How many are listed at most; 0 for all.", valueName: "n")
    )
    var limit: UInt32 = 1_000

    func run() async throws {
        let actors = try await options.cluster.ask { try await $0.actors() }
            .filter { dead || $0.state != .dead }
        let shown = limit == 0 ? actors[...] : actors.prefix(Int(limit))
        let rows = shown.map { ActorRow($0) }
        try options.print(rows, of: actors.count, "actors", ActorRow.table(rows))
    }
}
