import Foundation
import Manta
import SampleSupport

/// One run of `bank` in the program that hosts the cluster: opens the accounts, has money moved while workers are
/// killed, and counts it.
struct BankJob: Sendable {
    var plan: BankPlan

    /// - Returns: Whether all the money is there.
    /// - Throws: ``TellerFailed``, ``JournalFailure``, `ClusterError`, `CancellationError`.
    func run(on cluster: ClusterSystem) async throws -> Bool {
        let start = ContinuousClock.now
        let folder = try JournalFolder(plan)
        var keepsJournals = plan.keepsJournals
        defer { if !keepsJournals { folder.remove() } }

        let accounts = try await openAccounts(in: folder, on: cluster)
        let board = Board()
        let chaos = Chaos(
            in: cluster,
            Chaos.Plan(killsPerSecond: plan.killsPerSecond, limit: plan.killLimit, seed: plan.seed)
        )
        try await chaos.around { try await moveMoney(on: cluster, board, chaos) }
        let audit = try await Audit(accounts, folder, plan)

        let restarts = try await cluster.actors().reduce(0) { $0 + $1.restarts }
        show(board.sum, audit, restarts: restarts, kills: chaos.killCount, ContinuousClock.now - start)
        let problems = audit.problems
        for problem in problems { print("WRONG: \(problem)") }
        if !problems.isEmpty { keepsJournals = true }
        if keepsJournals { print("the journals are in \(folder.path)") }
        return problems.isEmpty
    }

    /// Each account has a worker of its own, so that a kill takes one account at a time.
    private func openAccounts(in folder: JournalFolder, on cluster: ClusterSystem) async throws -> [Account] {
        try await withThrowingTaskGroup(of: (Int, Account).self) { group in
            for number in 0..<plan.accountCount {
                group.addTask {
                    let options = ActorOptions(
                        name: Account.name(number),
                        isolation: .process,
                        restarts: .always,
                        concurrency: .serial
                    )
                    let arguments = Account.Arguments(number: number, journal: folder.journal(of: number))
                    return (number, try await cluster.spawn(Account.self, arguments, options: options))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Has all tellers work: one here, and each of the others in a program of its own.
    private func moveMoney(on cluster: ClusterSystem, _ board: Board, _ chaos: Chaos) async throws {
        async let _ = showProgress(board, chaos)  // cancelled at the end of this function
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var teller = try await Teller(0, plan, on: cluster)
                try await teller.run { board.note($0, of: 0) }
            }
            for number in 1..<plan.tellerCount {
                let teller = TellerProcess(number, plan, address: cluster.address ?? "", board: board)
                group.addTask { try await teller.run() }
            }
            try await group.waitForAll()
        }
    }

    private func showProgress(_ board: Board, _ chaos: Chaos) async {
        var console = Console(program: "bank")
        let total = plan.tellerCount * plan.transferCount
        while !Task.isCancelled {
            console.progress("\(board.sum.endedCount) of \(total) transfers, \(chaos.killCount) kills")
            try? await Task.sleep(for: .milliseconds(100))
        }
        console.clearProgress()
    }

    private func show(_ sum: TellerReport, _ audit: Audit, restarts: Int, kills: Int, _ duration: Duration) {
        var table = Table([
            .left("transfers"), .left("\(sum.doneCount) done, \(sum.refusedCount) refused for lack of money"),
        ])
        table.add(["calls", "\(sum.repeatCount) sent again after they had run already"])
        table.add(["tellers", "\(plan.tellerCount), each in a program of its own"])
        table.add(["accounts", "\(plan.accountCount), restarted \(restarts) times after \(kills) kills"])
        table.add(["seed", "\(plan.seed)"])
        table.add(["seconds", duration.formattedSeconds])
        table.add(["money expected", audit.expectedSum.formattedMoney])
        table.add(["in the accounts", audit.sum.formattedMoney])
        table.add(["in the journals", audit.journalSum.formattedMoney])
        print(table.lines.joined(separator: "\n"))
    }
}
