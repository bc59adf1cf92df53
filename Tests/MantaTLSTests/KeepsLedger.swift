import MantaTestSupport
import Testing

/// Has each test of a suite take its turn among those that open sockets or start processes, and sees that nothing is left.
struct KeepsLedger: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withLedger(function)
    }
}

extension Trait where Self == KeepsLedger {
    static var keepsLedger: Self { Self() }
}
