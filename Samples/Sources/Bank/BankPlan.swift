/// What a run of `bank` is to do.
struct BankPlan: Sendable {
    var accountCount: Int
    var tellerCount: Int
    /// Of each teller.
    var transferCount: Int
    var killsPerSecond: Double
    var killLimit: Int
    /// Of the tellers' choices and of chaos.
    var seed: UInt64
    /// Whether the journals stay.
    var keepsJournals: Bool

    /// What each account has at first, in cents.
    static let openingBalance = 1_000_00
    /// Large enough that accounts run out of money now and then.
    static let largestAmount = 500_00

    var expectedSum: Int { accountCount * Self.openingBalance }
}
