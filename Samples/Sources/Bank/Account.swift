import Manta

/// An account of the bank: an actor that outlives the processes in which it runs.
///
/// All it knows is in its journal. An incarnation reads that in `init`, and answers nobody before what it has decided
/// is written there. So whenever its process is killed, the next one knows what was promised, and of what was not
/// promised it knows whether it happened. A caller that does not know asks again with the same transfer.
///
/// It is spawned `.serial`: between the look into the ledger and the entry in it, an account waits for its journal. A
/// call that ran meanwhile would find the same transfer undecided, and spend the same balance.
distributed actor Account: Spawnable {
    struct Arguments: Codable, Sendable {
        var number: Int
        /// The path of its journal.
        var journal: String
    }

    private let number: Int
    private let journal: Journal
    private var ledger: Ledger

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        number = arguments.number
        let (journal, entries) = try Journal.open(arguments.journal)
        self.journal = journal
        ledger = try Ledger(entries)
    }

    static func name(_ number: Int) -> String { "account-\(number)" }

    distributed func balance() -> Int { ledger.balance }

    /// Takes money out; asked again for the same transfer, says again what came of it.
    ///
    /// - Returns: Whether that was decided now or before.
    /// - Throws: ``InsufficientFunds``.
    distributed func withdraw(_ amount: Int, for id: TransferID) async throws -> Receipt {
        let known = ledger.decisions[id]
        let decision = known ?? (ledger.balance >= amount ? .withdrawn(amount: amount) : .refused)
        if known == nil { try await record(decision, id) }
        if case .refused = decision { throw InsufficientFunds(account: number, amount: amount) }
        return known == nil ? .new : .known
    }

    /// Puts money in; asked again for the same transfer, does nothing.
    ///
    /// - Returns: Whether it was put in now or before.
    distributed func deposit(_ amount: Int, for id: TransferID) async throws -> Receipt {
        guard ledger.decisions[id] == nil else { return .known }
        try await record(.deposited(amount: amount), id)
        return .new
    }

    /// First on file, then in memory: what is in memory is shown to others.
    private func record(_ decision: Decision, _ id: TransferID) async throws {
        let entry = JournalEntry.decided(transfer: id, as: decision)
        try await journal.append(entry)
        try ledger.apply(entry)
    }
}

/// What an account answers.
enum Receipt: String, Codable, Sendable {
    /// The call has done what it asks for.
    case new
    /// An earlier call has, with an answer that did not arrive.
    case known
}
