internal import ArgumentParser
internal import Manta
internal import MantaCore
internal import MantaGCS

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
        help: ArgumentHelp("How many are listed at most; 0 for all.", valueName: "n")
    )
    var limit: UInt32 = 100

    func run() async throws {
        let limit = limit == 0 ? Int.max : Int(limit)
        let listing = try await options.cluster.ask { try await $0.objects(atMost: limit) }
        let rows = listing.objects.map { ObjectRow($0) }
        try options.print(rows, of: listing.count, "objects", ObjectRow.table(rows))
    }
}
