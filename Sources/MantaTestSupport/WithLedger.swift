/// Runs `body`, one such at a time, and compares what the process holds of the system before and after it.
///
/// - Throws: What `body` throws, or ``Leak``.
package func withLedger(_ body: () async throws -> Void) async throws {
    try await Turn.taken {
        let before = Ledger.now()
        try await body()
        try await Ledger.check(since: before)
    }
}
