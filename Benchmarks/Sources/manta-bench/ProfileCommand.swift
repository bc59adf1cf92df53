import ArgumentParser
import CFloor
import Manta

/// Keeps one worker calling another, for a profiler to look at.
struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Keeps calls under way and says which processes to look at with perf or strace."
    )

    @Option(help: "How many calls are under way at once.")
    var inFlight = 1

    @Option(help: "For how long.")
    var seconds = 20

    func validate() throws {
        guard (1...10_000).contains(inFlight) else {
            throw ValidationError("--in-flight is between 1 and 10,000")
        }
        guard (1...3_600).contains(seconds) else { throw ValidationError("--seconds is between 1 and 3,600") }
    }

    func run() async throws {
        let (inFlight, seconds) = (inFlight, seconds)
        try await ClusterSystem.run { cluster in
            let callee = try await cluster.spawn(Callee.self)
            let caller = try await cluster.spawn(Caller.self, options: ActorOptions(isolation: .process))
            for actor in try await cluster.actors() {
                Progress.note("\(actor.typeName) lives in process \(actor.processID ?? 0)")
            }
            let end = cfloor_now() + UInt64(seconds) * 1_000_000_000
            var (callCount, nanoseconds) = (0, UInt64(0))
            while cfloor_now() < end {
                let batch = inFlight * max(1, 20_000 / inFlight)
                nanoseconds += try await caller.flood(callee, inFlight: inFlight, count: batch)
                callCount += batch
            }
            Progress.note("\(rate(callCount, in: nanoseconds).short) calls/s")
        }
    }
}
