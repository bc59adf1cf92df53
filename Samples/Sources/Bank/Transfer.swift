import Manta

/// Money on its way from one account to another: two calls, both made by the teller.
///
/// An account that called the other one from within its own method would look simpler, and stop the bank: accounts are
/// `.serial`, so while one waits for the other, it takes no call. As soon as money is on its way from A to B and from B
/// to A at once, each waits for the other, for ever. Manta finds such circles and fails a call in them with the code
/// `deadlock`, which is kind, but moves no money. A teller waits for accounts, and nobody waits for a teller: there is no
/// circle.
struct Transfer: Sendable {
    var id: TransferID
    var source: Account
    var destination: Account
    var amount: Int

    /// How long an account may be away: longer than the pause before any restart.
    private static let patience = Duration.seconds(60)

    /// - Returns: What it adds to the teller's report.
    /// - Throws: `ClusterError` when an account stays away.
    func run() async throws -> TellerReport {
        let withdrawal: Receipt
        do {
            withdrawal = try await Self.settle(with: source) { try await $0.withdraw(amount, for: id) }
        } catch is InsufficientFunds {
            return TellerReport(refusedCount: 1)
        }
        // The money is in nobody's account now. There is no way back but on: a deposit is never refused.
        let deposit = try await Self.settle(with: destination) { try await $0.deposit(amount, for: id) }
        return TellerReport(doneCount: 1, repeatCount: [withdrawal, deposit].count { $0 == .known })
    }

    /// Calls an account until it is known what came of it.
    ///
    /// A call that is cut off by the end of its account's process is sent again, also when it may have run already
    /// (`retryUnknown`), which is right for these methods only because they apply each transfer once. Retries wait for
    /// the account to come back, within the timeout; the loop is for those that take longer.
    static func settle<R: Sendable>(
        with account: Account,
        _ call: (Account) async throws -> R
    ) async throws -> R {
        let deadline = ContinuousClock.now + patience
        while true {
            do {
                return try await withCallOptions(timeout: .seconds(20), retries: 10, retryUnknown: true) {
                    try await call(account)
                }
            } catch let error as ClusterError where error.mayPass && .now < deadline {
                try await Task.sleep(for: .milliseconds(20))
                // Throws if it is the cluster that is gone.
                _ = try await account.actorSystem.nodes()
            }
        }
    }
}

extension ClusterError {
    /// Whether the same call may succeed later.
    fileprivate var mayPass: Bool {
        switch code {
        case .workerDied, .nodeDied, .notConnected, .timedOut: true
        default: false
        }
    }
}
