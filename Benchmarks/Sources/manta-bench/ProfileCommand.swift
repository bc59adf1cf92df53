import ArgumentParser
import CFloor
import Glibc
import Manta

/// Keeps one worker calling another, for a profiler to look at.
struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Keeps calls under way and says which processes to look at with perf or strace."
    )

    @Option(help: "How many calls are under way at once.")
    var inFlight = 1

    @Option(help: "How many bytes each call brings; 0: a number.")
    var bytes = 0

    @Flag(help: "Between two nodes that are daemons of the manta tool.")
    var betweenNodes = false

    @Option(help: ArgumentHelp("The manta tool, as for manta-bench itself.", valueName: "path"))
    var manta: String?

    @Option(help: "For how long.")
    var seconds = 20

    func validate() throws {
        guard (1...10_000).contains(inFlight) else {
            throw ValidationError("--in-flight is between 1 and 10,000")
        }
        guard (0...(1 << 30)).contains(bytes) else { throw ValidationError("--bytes is between 0 and 1 GiB") }
        guard (1...3_600).contains(seconds) else { throw ValidationError("--seconds is between 1 and 3,600") }
    }

    func run() async throws {
        if betweenNodes, getenv(DaemonCluster.addressVariable) == nil {
            return try DaemonCluster.with(nodes: 2, of: MantaProgram(path: manta), isPinned: false) {
                variables in
                let arguments = Array(CommandLine.arguments.dropFirst())
                _ = try ChildProcess.output(arguments: arguments, variables: variables)
            }
        }
        let (inFlight, byteCount, seconds) = (inFlight, bytes, seconds)
        try await ClusterSystem.run { cluster in
            let nodes = try await cluster.nodes().map(\.id)
            let caller = try await cluster.spawn(
                Caller.self,
                options: ActorOptions(isolation: .process, placement: .node(nodes[0]))
            )
            let callee = try await cluster.spawn(
                Callee.self,
                options: ActorOptions(placement: .node(nodes[nodes.count - 1]))
            )
            for actor in try await cluster.actors() {
                Progress.note("\(actor.typeName) lives in process \(actor.processID ?? 0)")
            }
            let end = cfloor_now() + UInt64(seconds) * 1_000_000_000
            var (callCount, nanoseconds) = (0, UInt64(0))
            while cfloor_now() < end {
                let batch = inFlight * max(1, (byteCount == 0 ? 20_000 : 2_000) / inFlight)
                nanoseconds += try await caller.flood(
                    callee,
                    byteCount: byteCount,
                    inFlight: inFlight,
                    count: batch
                )
                callCount += batch
            }
            Progress.note("\(rate(callCount, in: nanoseconds).short) calls/s")
        }
    }
}
