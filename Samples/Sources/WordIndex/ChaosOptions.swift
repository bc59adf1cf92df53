import ArgumentParser
import SampleSupport

/// The part of the command line that is about killing workers.
struct ChaosOptions: ParsableArguments {
    @Flag(help: "Kill workers while the index is built and asked. The answers stay right.")
    var chaos = false

    @Option(help: ArgumentHelp("With --chaos, how many workers to kill at most.", valueName: "number"))
    var kills = 20

    @Option(help: ArgumentHelp("With --chaos, how often a worker is killed.", valueName: "rate"))
    var killsPerSecond = 40.0

    @Option(
        help: ArgumentHelp(
            "With --chaos, decides on the pauses and the workers. (default: another one each time)",
            valueName: "number"
        )
    )
    var seed: UInt64?

    /// Ends, because shards have to live for a moment between two kills if the index is ever to be whole.
    var plan: Chaos.Plan? {
        guard chaos else { return nil }
        return Chaos.Plan(
            killsPerSecond: killsPerSecond,
            limit: kills,
            seed: seed ?? .random(in: 0...999_999)
        )
    }

    func validate() throws {
        guard (0...10_000).contains(kills) else {
            throw ValidationError("--kills is between 0 and 10000, not \(kills)")
        }
        guard killsPerSecond > 0, killsPerSecond <= 100 else {
            throw ValidationError("--kills-per-second is above 0 and at most 100, not \(killsPerSecond)")
        }
    }
}
