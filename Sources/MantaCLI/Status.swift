internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Shows how the cluster is.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the cluster: nodes, what is used, what waits, what failed.",
        usage: "manta status [<options>]"
    )

    @OptionGroup
    var cluster: ClusterChoice

    @Flag(help: "Print JSON, for other programs.")
    var json = false

    func run() async throws {
        let report = try await cluster.ask { observer in
            StatusReport(try await observer.status(), now: .now)
        }
        if json { try Console.print(json: report) } else { Console.print(report.lines) }
    }
}
