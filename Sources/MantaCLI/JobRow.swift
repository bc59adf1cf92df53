package import MantaCore

/// A job in a listing.
package struct JobRow: Encodable, Hashable, Sendable {
    package var id: String
    /// `running` or `ended`.
    package var state: String
    package var namespace: String
    /// The executable, by what is in it; missing for a driver that hosts its cluster.
    package var program: String?
    package var arguments: [String]
    /// Where the driver runs, or ran.
    package var host: String
    package var processID: Int32
    package var start: String
    package var end: String?
    package var actors: Int
    private var startTime: Double
    private var endTime: Double?

    private enum CodingKeys: String, CodingKey {
        case id, state, namespace, program, arguments, host, processID, start, end, actors
    }

    package init(_ job: JobInfo) {
        id = "\(job.id)"
        state = job.state.rawValue
        namespace = job.namespace
        program = job.program.map { "\($0)" }
        arguments = job.arguments
        host = job.host
        processID = job.driverProcessID
        start = "\(Timestamp(secondsSinceEpoch: job.startTime))"
        end = job.endTime.map { "\(Timestamp(secondsSinceEpoch: $0))" }
        actors = job.liveActors
        startTime = job.startTime
        endTime = job.endTime
    }

    /// How much of a command line is shown.
    private static let commandLimit = 60

    private var command: String {
        // Without the folders of the program, which say least and take most.
        let words =
            [arguments.first?.split(separator: "/").last.map(String.init) ?? ""] + arguments.dropFirst()
        let line = words.map { $0.isEmpty || $0.contains(" ") ? "'\($0)'" : $0 }.joined(separator: " ")
        return line.count > Self.commandLimit ? line.prefix(Self.commandLimit - 1) + "…" : line
    }

    package static func table(_ rows: [JobRow], now: Timestamp) -> TextTable {
        var table = TextTable([
            .init("JOB"), .init("STATE"), .init("NAMESPACE"), .init("DRIVER"), .init("STARTED"),
            .init("RUNS", .right), .init("ACTORS", .right), .init("COMMAND"),
        ])
        for row in rows {
            let time = Duration.seconds(max(0, (row.endTime ?? now.secondsSinceEpoch) - row.startTime))
            table.append([
                row.id, row.state, row.namespace, "\(row.host):\(row.processID)",
                Timestamp(secondsSinceEpoch: row.startTime).short, time.text, "\(row.actors)", row.command,
            ])
        }
        return table
    }
}
