import Foundation

/// The temporary folder in which a run keeps its accounts' journals.
struct JournalFolder: Sendable {
    let path: String

    /// Makes the folder, and in it the journals of accounts that have just been opened.
    init(_ plan: BankPlan) throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("manta-bank-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        path = folder.path
        for account in 0..<plan.accountCount {
            try Journal.create(journal(of: account), balance: BankPlan.openingBalance)
        }
    }

    func journal(of account: Int) -> String { "\(path)/\(Account.name(account)).journal" }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
