internal import ArgumentParser

/// The `manta` tool: one file for each verb.
@main
struct MantaTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manta",
        abstract: "Clusters of Manta: their nodes, and what runs on them.",
        subcommands: [Start.self]
    )
}
