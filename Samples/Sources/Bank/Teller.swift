import Manta
import SampleSupport

/// Makes transfers between accounts chosen by chance, a few at a time.
struct Teller: Sendable {
    private let number: Int
    private let transferCount: Int
    private let accounts: [Account]
    private var random: SeededRandom

    /// How many of its transfers are under way: enough that accounts are seldom idle when they are killed.
    private static let limit = 8

    /// Looks the accounts up by their names.
    ///
    /// - Parameters:
    ///   - number: Which of the tellers it is.
    ///   - plan: What they all do.
    ///   - cluster: Where the accounts are.
    /// - Throws: `ClusterError`.
    init(_ number: Int, _ plan: BankPlan, on cluster: ClusterSystem) async throws {
        self.number = number
        transferCount = plan.transferCount
        var accounts: [Account] = []
        for account in 0..<plan.accountCount {
            accounts.append(try await cluster.find(Account.self, named: Account.name(account)))
        }
        self.accounts = accounts
        random = SeededRandom(seed: plan.seed &+ UInt64(number) &* 1_000_003)
    }

    /// - Parameter report: Called after each transfer, with the sum of all.
    /// - Throws: `ClusterError` when an account stays away.
    mutating func run(_ report: (TellerReport) -> Void) async throws {
        var sum = TellerReport()
        func add(_ done: TellerReport) {
            sum = sum + done
            report(sum)
        }
        try await withThrowingTaskGroup(of: TellerReport.self) { group in
            for number in 0..<transferCount {
                if number >= Self.limit, let done = try await group.next() { add(done) }
                let transfer = nextTransfer(number)
                group.addTask { try await transfer.run() }
            }
            for try await done in group { add(done) }
        }
    }

    private mutating func nextTransfer(_ number: Int) -> Transfer {
        let source = Int.random(in: 0..<accounts.count, using: &random)
        let distance = Int.random(in: 1..<accounts.count, using: &random)
        return Transfer(
            id: TransferID(teller: self.number, number: number),
            source: accounts[source],
            destination: accounts[(source + distance) % accounts.count],
            amount: .random(in: 1...BankPlan.largestAmount, using: &random)
        )
    }
}
