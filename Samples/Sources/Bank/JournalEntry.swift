/// A line of a journal.
enum JournalEntry: Codable, Hashable, Sendable {
    /// The first line.
    case opened(balance: Int)
    case decided(transfer: TransferID, as: Decision)
}

/// What an account has made of its part in a transfer. It is made once and stays.
enum Decision: Codable, Hashable, Sendable {
    case withdrawn(amount: Int)
    case deposited(amount: Int)
    /// Refusals are remembered too: a call that arrives twice must not be refused first and granted later, when
    /// its teller has moved on.
    case refused
}
