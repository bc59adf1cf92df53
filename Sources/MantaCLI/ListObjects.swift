internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Lists the objects of the cluster.
struct ListObjects: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "objects",
        abstract: "List the copies of objects that the nodes have, the largest first.",
        usage: "manta list objects [<options>]"
    )

    @OptionGroup
    var options: ListOptions

    @Option(
        help: ArgumentHelp("How many are listed at most; 0 for all. (default: 100)", valueName: "n")
    )
    var limit: UInt32 = 100

    func run() async throws {
        let objects = try await options.cluster.ask { try await $0.objects() }
            .sorted { $0.byteCount > $1.byteCount }
        let shown = limit == 0 ? objects[...] : objects.prefix(Int(limit))
        let rows = shown.map { ObjectRow($0) }
        try options.print(rows, of: objects.count, "objects", ObjectRow.table(rows))
    }
}
