import ArgumentParser
import Manta
import SampleSupport

/// The command line: says what to do, and leaves doing it to ``BankJob`` or ``TellerJob``.
///
/// A worker process is this same program, started with the same arguments, so all of this runs there too, up
/// to `ClusterSystem.run`, which does not return in a worker. That is why nothing here makes a file.
@main
struct BankCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bank",
        abstract:
            "Moves money between actors whose processes are killed all the time, and counts it at the end.",
        discussion: """
            Each account is an actor in a worker process, with a journal of what it has decided. Tellers, in several programs \
            at once, withdraw from one account and deposit to another. Meanwhile, workers are killed with SIGKILL; their accounts \
            are restarted and read their journals. In the end there must be as much money as there was at first: the exit code \
            is 1 if a cent is missing.

            EXAMPLE:
              bank --tellers 4 --kills-per-second 30 --seed 7
            """
    )

    @Option(help: ArgumentHelp("How many accounts there are.", valueName: "number"))
    var accounts = 10

    @Option(
        help: ArgumentHelp("How many tellers move money, each in a program of its own.", valueName: "number")
    )
    var tellers = 3

    @Option(help: ArgumentHelp("How many transfers each teller makes.", valueName: "number"))
    var transfers = 3_000

    @Option(help: ArgumentHelp("How often a worker is killed; 0 for never.", valueName: "rate"))
    var killsPerSecond = 12.0

    @Option(
        help: ArgumentHelp(
            "How many workers are killed at most.",
            discussion: """
                Pauses before the restarts of an account that dies young again and again grow, up to 10 s: with more than about \
                three kills for each account the money is still right, but slow.
                """,
            valueName: "number"
        )
    )
    var kills = 30

    @Option(
        help: ArgumentHelp(
            "Of the amounts, the accounts and the kills. (default: another one each time)",
            valueName: "number"
        )
    )
    var seed: UInt64?

    @Flag(help: "Keep the journals, and say where they are.")
    var keep = false

    /// How the other programs are started.
    @Option(help: .hidden)
    var teller: Int?

    func validate() throws {
        guard (2...100).contains(accounts) else {
            throw ValidationError("--accounts is between 2 and 100, not \(accounts)")
        }
        guard (1...50).contains(tellers) else {
            throw ValidationError("--tellers is between 1 and 50, not \(tellers)")
        }
        guard (1...1_000_000).contains(transfers) else {
            throw ValidationError("--transfers is between 1 and 1000000, not \(transfers)")
        }
        guard (0...1_000_000).contains(kills) else {
            throw ValidationError("--kills is between 0 and 1000000, not \(kills)")
        }
        guard (0...100).contains(killsPerSecond) else {
            throw ValidationError("--kills-per-second is between 0 and 100, not \(killsPerSecond)")
        }
    }

    func run() async throws {
        let plan = BankPlan(
            accountCount: accounts,
            tellerCount: tellers,
            transferCount: transfers,
            killsPerSecond: killsPerSecond,
            killLimit: kills,
            seed: seed ?? .random(in: 0...999_999),
            keepsJournals: keep
        )
        let configuration = ClusterConfiguration.default.quiet
        if let teller {
            let job = TellerJob(number: teller, plan: plan)
            return try await ClusterSystem.run(configuration) { cluster in try await job.run(on: cluster) }
        }
        guard try await host(BankJob(plan: plan), configuration) else { throw ExitCode.failure }
    }

    private func host(_ job: BankJob, _ configuration: ClusterConfiguration) async throws -> Bool {
        do {
            return try await ClusterSystem.run(configuration) { cluster in
                try await Interruption.cancelling { try await job.run(on: cluster) }
            }
        } catch {
            // What fails while everything ends, fails for that reason. 128 and the signal is what a shell would say.
            if let signal = Interruption.signal { throw ExitCode(128 + signal) }
            throw error
        }
    }
}
