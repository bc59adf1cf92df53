internal import ArgumentParser

/// Lists what the cluster has.
struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List nodes, actors, objects or jobs.",
        subcommands: [ListNodes.self, ListActors.self, ListObjects.self, ListJobs.self]
    )
}

/// What all listings take.
struct ListOptions: ParsableArguments {
    @OptionGroup
    var cluster: ClusterChoice

    @Flag(help: "Print JSON, for other programs.")
    var json = false

    /// Prints rows, as JSON or as lines; and how many more there are, if there are.
    func print<Row: Encodable>(_ rows: [Row], of count: Int, _ noun: String, _ table: TextTable) throws {
        if json {
            try Console.print(json: rows)
        } else if count == 0 {
            Console.print("no \(noun)")
        } else {
            Console.print(table.lines)
        }
        if count > rows.count { Console.note("\(rows.count) of \(count) \(noun): --limit shows more") }
    }
}
