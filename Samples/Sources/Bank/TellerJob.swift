import Foundation
import Manta

/// One run of `bank` as a teller in a program of its own: says on standard output how far it is.
struct TellerJob: Sendable {
    var number: Int
    var plan: BankPlan

    /// After how many transfers it says something.
    private static let reportInterval = 20

    func run(on cluster: ClusterSystem) async throws {
        var teller = try await Teller(number, plan, on: cluster)
        try await teller.run { report in
            guard report.endedCount % Self.reportInterval == 0 || report.endedCount == plan.transferCount,
                let line = try? JSONEncoder().encode(report)
            else { return }
            // Not `print`, which would keep lines for a pipe until there are many.
            try? FileHandle.standardOutput.write(contentsOf: line + Data("\n".utf8))
        }
    }
}
