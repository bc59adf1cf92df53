/// Names one transfer for ever, so that an account can tell a call that is sent again from a new one.
struct TransferID: Codable, Hashable, Sendable, CustomStringConvertible {
    var teller: Int
    /// Counts the transfers of the teller.
    var number: Int

    var description: String { "\(teller)-\(number)" }
}
