import Synchronization

/// Where the tellers of all processes say how far they are.
final class Board: Sendable {
    private let reports = Mutex<[Int: TellerReport]>([:])

    func note(_ report: TellerReport, of teller: Int) { reports.withLock { $0[teller] = report } }

    func report(of teller: Int) -> TellerReport { reports.withLock { $0[teller] } ?? TellerReport() }

    var sum: TellerReport { reports.withLock { $0.values.reduce(TellerReport(), +) } }
}
