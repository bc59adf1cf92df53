internal import MantaCore
internal import MantaRuntime
internal import MantaTransport
import Synchronization

/// Asks the GCS again while nobody answers: in a cluster of several machines it may be starting again, or elsewhere.
///
/// Every question may be asked more than once; a spawn carries a number by which the GCS knows it again. It goes on until
/// the task is cancelled, which is how a deadline ends it. In a cluster of one machine the GCS ends with its driver for
/// good, so the first answer counts.
final class GCSPatience: Sendable {
    private static let longestPause = Duration.milliseconds(500)

    private let system: ClusterSystem
    private let failure = Mutex<ClusterError?>(nil)

    init(_ system: ClusterSystem) { self.system = system }

    /// Why there is no answer yet, as the end of a sentence.
    var reason: String { failure.withLock { $0 }.map { ": the head does not answer: \($0.message)" } ?? "" }

    ///
    /// - Parameters:
    ///   - limit: How long it goes on; `nil`: until the task is cancelled.
    ///   - question: What to ask.
    /// - Returns: The answer.
    /// - Throws: What the question throws, but that nobody answers.
    func ask<R: Sendable>(for limit: Duration? = nil, _ question: () async throws -> R) async throws -> R {
        let end = limit.map { Lane.now + $0 } ?? .distantFuture
        var pause = Duration.milliseconds(10)
        while true {
            do {
                return try await question()
            } catch let error as ClusterError {
                guard error.code == .notConnected, system.options.network != nil, !system.isCutOff,
                    Lane.now < end
                else {
                    throw error
                }
                failure.withLock { $0 = error }
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }
}
