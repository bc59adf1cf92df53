import Manta

/// Applies numbered operations, each of which it notes before it does anything else.
distributed actor Account: Spawnable {
    struct Arguments: Codable, Sendable {
        var name: String
        var folder: String
    }

    struct Receipt: Codable, Sendable {
        /// Of this incarnation, for all that it says of itself.
        var incarnation: UInt64
        var count: Int
    }

    private let journal: Journal
    private let incarnation = monotonicNow()
    private var count = 0

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        journal = Journal(folder: arguments.folder, name: arguments.name)
    }

    distributed func apply(_ operation: Int, by client: Int) -> Receipt {
        journal.note("\(client) \(operation)")
        count += 1
        return Receipt(incarnation: incarnation, count: count)
    }
}
