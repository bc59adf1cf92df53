/// How far a teller is.
struct TellerReport: Codable, Hashable, Sendable {
    /// Transfers that moved money.
    var doneCount = 0
    /// Transfers for which there was not enough.
    var refusedCount = 0
    /// Calls that were sent again and had run already.
    var repeatCount = 0

    var endedCount: Int { doneCount + refusedCount }

    static func + (left: TellerReport, right: TellerReport) -> TellerReport {
        TellerReport(
            doneCount: left.doneCount + right.doneCount,
            refusedCount: left.refusedCount + right.refusedCount,
            repeatCount: left.repeatCount + right.repeatCount
        )
    }
}
