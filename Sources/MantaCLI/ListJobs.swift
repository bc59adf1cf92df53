internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Lists the jobs of the cluster.
struct ListJobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract:
            "List the jobs, the oldest first: programs that have joined, with the actors spawned for them.",
        usage: "manta list jobs [<options>]"
    )

    @OptionGroup
    var options: ListOptions

    @Flag(help: "Also those that have ended and have no actors left.")
    var ended = false

    @Option(
        help: ArgumentHelp(
            "How many are listed at most, the newest; 0 for all.",
            valueName: "n"
        )
    )
    var limit: UInt32 = 100

    func run() async throws {
        let jobs = try await options.cluster.ask { try await $0.jobs() }
            .filter { ended || $0.state == .running || $0.liveActors > 0 }
        let shown = limit == 0 ? jobs[...] : jobs.suffix(Int(limit))
        let rows = shown.map { JobRow($0) }
        try options.print(rows, of: jobs.count, "jobs", JobRow.table(rows, now: .now))
    }
}
