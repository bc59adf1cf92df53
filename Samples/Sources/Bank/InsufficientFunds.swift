/// An account has less than is asked of it. `Codable`, so that it reaches the teller as itself.
struct InsufficientFunds: Error, Codable, CustomStringConvertible {
    var account: Int
    var amount: Int

    var description: String { "account \(account) does not have \(amount.formattedMoney)" }
}
