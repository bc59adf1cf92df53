/// A condition that a test waited for did not come true in time.
package struct NeverHappened: Error, CustomStringConvertible {
    package let description: String
}

/// Waits until `condition` holds, and looks again every few milliseconds.
///
/// The time is a bound for a test that is about to fail, on a machine that is busy: nothing is to be
/// concluded from it.
///
/// - Throws: ``NeverHappened`` after `duration`, and what `condition` throws.
package func eventually(
    within duration: Duration = .seconds(30),
    isolation: isolated (any Actor)? = #isolation,
    _ what: @autoclosure () -> String = "the condition",
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + duration
    while try await !condition() {
        guard ContinuousClock.now < end else {
            throw NeverHappened(description: "\(what()) did not come true within \(duration)")
        }
        try await Task.sleep(for: .milliseconds(2))
    }
}
