import ArgumentParser
import CFloor

/// Runs each measurement in a process of its own, gathers what they found and prints it.
@main
struct MantaBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manta-bench",
        abstract: "Measures Manta on this machine, beside what two C processes take for the same.",
        discussion: """
            Every figure is measured once in each round, floor and Manta in turn; the table shows the median, the least and the most \
            of the rounds. Compare ratios within a run: absolute times drift with whatever else the machine does, so let it be quiet. \
            Nothing fails because it is slow.

            Rows that say "one core" ran with all processes pinned to the last core, where they repeat best; the others ran unpinned, \
            where the kernel may have to wake a sleeping core for each message.

            The caller of "remote call" and of "in flight" is an actor in another worker process of the same node, that of "from the pool" is \
            a plain task of the driver; each call takes an Int and returns one. The 1 KiB and 64 KiB rows send a [UInt8] of that size and \
            return its count; their floors send as many bytes and get 32 back. "local call" calls an actor on the caller's own lane. Processor time counts both processes. Spawns count once \
            the new actor has answered a call. "cold start" is from the start of a process to the first reply of a spawned actor, and \
            memory is PSS: of a driver with its cluster and all its workers. "restart" is from SIGKILL of the actor's worker to its next \
            reply. "find, first" asks the GCS in the driver's process, "again" is answered from memory. With --quick the rows of 100,000 \
            actors have 5,000.

            Of objects, "put" makes one in an actor and drops it before the next; its floor copies as many bytes between pieces of memory \
            that were touched before, or, for a cold store, into fresh shared memory. "get" and "withSpan" read what another process of \
            the node has put. A call with 64 KiB or more reads the first and the last byte of its argument. "pull" is from a reader's \
            call until it can read an object of another node, a new one each time, the store's memory already in use; its floor sends as \
            much from one C process to another over loopback TCP. Both nodes are in one driver. GB are 10^9 bytes, KiB, MiB and GiB are not.

            Of a network, the nodes are daemons of the manta tool on this machine, between which everything is TLS over loopback TCP; the caller \
            and who is called live on different nodes. Their floors are two C processes over TCP, and over TLS with OpenSSL's own socket \
            functions; "x floor" is against plain TCP, processor time per GB against TLS. A named spawn counts once the head has \
            acknowledged it; its floor is how often 1 KiB can be brought to the disk that the head uses. "while 1 GiB moves" are calls \
            between two nodes from one of which the other one pulls.

            Of failover, times are from the signal to what the driver sees. A worker gets SIGKILL; a node is a daemon with all of its workers, \
            which get SIGKILL or SIGSTOP at once. The actor may live anywhere, and its calls are made again until one answers. The head gets \
            SIGKILL and is started again at once, with its directory of names on the disk.

            MANTA_DISPATCH=standard makes all rows use Swift's public dispatch; MANTA_LOG_LEVEL and the other variables of a cluster work too.

            EXAMPLES
              swift run -c release manta-bench --quick
              swift run -c release manta-bench --only calls --rounds 9
              swift run -c release manta-bench --json > figures.jsonl
            """,
        subcommands: [MeasureCommand.self, ProfileCommand.self, ProfileObjectsCommand.self]
    )

    @Option(
        parsing: .upToNextOption,
        help: "Which parts to run: \(Part.allCases.map(\.rawValue).joined(separator: ", ")). All without it."
    )
    var only: [Part] = []

    @Option(help: "How often each figure is measured.")
    var rounds = 5

    @Option(
        help: ArgumentHelp(
            "The manta tool whose daemons are measured. Without it, that of a release build beside this one.",
            valueName: "path"
        )
    )
    var manta: String?

    @Flag(help: "A tenth of the work: enough to see that everything runs.")
    var quick = false

    @Flag(
        help:
            "One JSON object per line with name, unit, pinned, median, min and max, in the place of the table."
    )
    var json = false

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case calls, actors, directory, cluster, objects, network, failover

        /// Whether it starts daemons.
        var needsTool: Bool { self == .network || self == .failover }
    }

    func validate() throws {
        guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds is between 1 and 1,000") }
    }

    func run() throws {
        let parts = only.isEmpty ? Part.allCases : Part.allCases.filter { only.contains($0) }
        // Found before anything takes its time.
        let program = try parts.contains(where: \.needsTool) ? MantaProgram(path: manta) : nil
        var rows = Rows()
        for part in parts {
            switch part {
            case .calls:
                for isPinned in [true, false] {
                    try measure(.calls, isPinned: isPinned, into: &rows)
                    try measure(.standardCalls, isPinned: isPinned, into: &rows)
                }
            case .actors: try measure(.actors, isPinned: false, into: &rows)
            case .directory: try measure(.directory, isPinned: false, into: &rows)
            case .cluster:
                // A cluster starts once in a process.
                for _ in 0..<rounds { try measure(.cluster, isPinned: false, rounds: 1, into: &rows) }
            case .objects:
                for isPinned in [true, false] { try measure(.objectCalls, isPinned: isPinned, into: &rows) }
                try measure(.objects, isPinned: false, into: &rows)
                for _ in 0..<rounds { try measure(.coldStore, isPinned: false, rounds: 1, into: &rows) }
            case .network:
                guard let program else { break }
                for isPinned in [true, false] {
                    try measure(.networkCalls, on: program, nodes: 2, isPinned: isPinned, into: &rows)
                }
                try measure(.networkActors, on: program, nodes: 4, isPinned: false, into: &rows)
                try measure(.networkCrowd, on: program, nodes: 4, isPinned: false, into: &rows)
                try measure(.networkObjects, on: program, nodes: 2, isPinned: false, into: &rows)
            case .failover:
                guard let program else { break }
                // The driver is not on the head's machine, which it sees end.
                try measure(.failover, on: program, nodes: 3, isPinned: false, entry: 1, into: &rows)
            }
        }
        print(json ? rows.all.map(\.json).joined(separator: "\n") : Table(rows.all).text)
    }

    /// Measures a cluster of daemons.
    private func measure(
        _ measurement: Measurement,
        on program: MantaProgram,
        nodes: Int,
        isPinned: Bool,
        entry: Int = 0,
        into rows: inout Rows
    ) throws {
        try DaemonCluster.with(nodes: nodes, of: program, isPinned: isPinned, entry: entry) { variables in
            try measure(measurement, isPinned: isPinned, adding: variables, into: &rows)
        }
    }

    private func measure(
        _ measurement: Measurement,
        isPinned: Bool,
        rounds: Int? = nil,
        adding added: [String: String] = [:],
        into rows: inout Rows
    ) throws {
        Progress.note("\(measurement.rawValue), \(isPinned ? "pinned to one core" : "unpinned")")
        var variables = added
        variables[MeasureCommand.startVariable] = "\(cfloor_now())"
        if isPinned { variables[CFLOOR_CORE_VARIABLE] = "\(cfloor_last_core())" }
        if measurement == .standardCalls { variables["MANTA_DISPATCH"] = "standard" }
        if [.objects, .objectCalls].contains(measurement) { variables["MANTA_NODES"] = "2" }
        let effort: Effort = quick ? .quick : .full
        let arguments = ["measure", measurement.rawValue, effort.rawValue, "\(rounds ?? self.rounds)"]
        let output = try ChildProcess.output(arguments: arguments, variables: variables)
        for (figure, value) in ResultPipe.results(in: output) {
            rows.add(value, to: figure, isPinned: isPinned)
        }
    }
}
