package import MantaCore
import MantaTransport

/// Thrown by `withDeadline`.
package struct DeadlinePassed: Error {}

/// Runs `body`, and cancels it at `deadline`.
///
/// - Throws: What `body` throws, or ``DeadlinePassed`` when the deadline came first. `body` has to honour
///   cancellation.
package func withDeadline<R: Sendable>(
    _ deadline: Moment,
    _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
    guard deadline != .distantFuture else { return try await body() }
    return try await withThrowingTaskGroup(of: R?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: deadline.since(Lane.now))
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else { throw DeadlinePassed() }
        return result
    }
}
