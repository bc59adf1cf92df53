import Foundation
import Manta

/// Counts the money twice: as the accounts say, and as their journals do.
struct Audit: Sendable {
    let expectedSum: Int
    /// The balance of each account, as it says itself.
    let balances: [Int]
    /// The same of each journal.
    private let ledgers: [Ledger]

    /// - Throws: ``JournalFailure`` for a journal that makes no sense, `ClusterError`.
    init(_ accounts: [Account], _ folder: JournalFolder, _ plan: BankPlan) async throws {
        expectedSum = plan.expectedSum
        var balances: [Int] = []
        for account in accounts {
            balances.append(try await Transfer.settle(with: account) { try await $0.balance() })
        }
        self.balances = balances
        ledgers = try accounts.indices.map { try Ledger(Journal.read(folder.journal(of: $0)).entries) }
    }

    var sum: Int { balances.reduce(0, +) }
    var journalSum: Int { ledgers.reduce(0) { $0 + $1.balance } }

    /// What is wrong; empty if every cent is where it belongs.
    var problems: [String] {
        var problems: [String] = []
        for (number, (balance, ledger)) in zip(balances, ledgers).enumerated() where balance != ledger.balance
        {
            problems.append(
                "account \(number) says \(balance.formattedMoney), its journal \(ledger.balance.formattedMoney)"
            )
        }
        if sum != expectedSum {
            let what = sum < expectedSum ? "missing" : "too much"
            problems.append("\(abs(expectedSum - sum).formattedMoney) is \(what)")
        }
        let withdrawn = amounts { if case .withdrawn(amount: let amount) = $0 { amount } else { nil } }
        let deposited = amounts { if case .deposited(amount: let amount) = $0 { amount } else { nil } }
        for (id, amount) in withdrawn where deposited[id] != amount {
            problems.append("transfer \(id) withdrew \(amount.formattedMoney), which was not deposited")
        }
        for (id, amount) in deposited where withdrawn[id] == nil {
            problems.append("transfer \(id) deposited \(amount.formattedMoney), which was not withdrawn")
        }
        return problems
    }

    /// No transfer is withdrawn, or deposited, in two accounts: tellers do not use a number twice.
    private func amounts(_ amount: (Decision) -> Int?) -> [TransferID: Int] {
        ledgers.map { $0.decisions.compactMapValues(amount) }
            .reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }
}
