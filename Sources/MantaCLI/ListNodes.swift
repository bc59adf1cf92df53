internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Lists the nodes of the cluster.
struct ListNodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nodes",
        abstract: "List the nodes, with what is used of what they offer.",
        usage: "manta list nodes [<options>]"
    )

    @OptionGroup
    var options: ListOptions

    func run() async throws {
        let rows = try await options.cluster.ask { observer in
            StatusReport(try await observer.status(), now: .now).nodes
        }
        try options.print(rows, of: rows.count, "nodes", NodeRow.table(rows))
    }
}
