/// What the entries of a journal come to: a balance, and what became of each transfer.
///
/// Pure: an account and the audit make the same of the same entries.
struct Ledger: Sendable {
    private(set) var balance = 0
    private(set) var decisions: [TransferID: Decision] = [:]
    private var isOpen = false

    init() {}

    /// - Throws: ``JournalFailure`` if the entries are not what one writer after the other can have written.
    init(_ entries: [JournalEntry]) throws(JournalFailure) {
        for entry in entries { try apply(entry) }
        guard isOpen else { throw JournalFailure(reason: "a journal without its first line") }
    }

    /// - Throws: ``JournalFailure`` for an entry that cannot follow those before it: two incarnations of an account
    ///   that wrote to one journal would be found out here.
    mutating func apply(_ entry: JournalEntry) throws(JournalFailure) {
        switch entry {
        case .opened(let balance):
            guard !isOpen else { throw JournalFailure(reason: "an account opened twice") }
            isOpen = true
            self.balance = balance
        case .decided(transfer: let id, as: let decision):
            guard isOpen, decisions.updateValue(decision, forKey: id) == nil else {
                throw JournalFailure(reason: "transfer \(id) decided twice, or before the account was opened")
            }
            switch decision {
            case .withdrawn(let amount): balance -= amount
            case .deposited(let amount): balance += amount
            case .refused: break
            }
            guard balance >= 0 else { throw JournalFailure(reason: "transfer \(id) overdrew the account") }
        }
    }
}
