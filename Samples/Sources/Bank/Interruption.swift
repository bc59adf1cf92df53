import Glibc
import Synchronization

/// Makes of Ctrl-C, and of SIGTERM, the cancellation of a task, so that what it has made is removed on its way out.
///
/// Manta ends its own workers and files at these signals without any help; this is for the journals.
enum Interruption {
    private static let signals = [SIGINT, SIGTERM]
    private static let seen = Atomic<Int32>(0)

    /// The signal that came, if one did.
    static var signal: Int32? {
        let signal = seen.load(ordering: .relaxed)
        return signal == 0 ? nil : signal
    }

    /// Runs `body`, and cancels it when a signal comes. A second one ends the process at once.
    ///
    /// To be called in `ClusterSystem.run`: Manta watches these signals from there on, and worker processes, which
    /// need their own way to end, never come here.
    static func cancelling<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
        // A handler rather than SIG_IGN, which programs that this one starts would inherit.
        let previous = signals.map { number in
            Glibc.signal(number) { number in
                Interruption.seen.store(number, ordering: .relaxed)
                _ = Glibc.signal(number, SIG_DFL)
            }
        }
        defer { for (number, handler) in zip(signals, previous) { _ = Glibc.signal(number, handler) } }
        return try await withThrowingTaskGroup(of: R.self) { group in
            group.addTask { try await body() }
            group.addTask {
                // A handler may do next to nothing, so it leaves a note, which is looked for here.
                while signal == nil { try await Task.sleep(for: .milliseconds(100)) }
                throw CancellationError()
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }
}
