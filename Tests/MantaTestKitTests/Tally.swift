import Distributed
import Glibc
import MantaTestKit
import MantaTestSupport

/// Counts, from what it is told to start with.
distributed actor Tally: Spawnable {
    struct Arguments: Codable, Sendable { var start = 0 }
    private var value: Int

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        value = arguments.start
    }

    distributed func add(_ step: Int) -> Int {
        value += step
        return value
    }

    distributed func processID() -> Int32 { getpid() }

    distributed func relay(to other: Tally, _ step: Int) async throws -> Int { try await other.add(step) }

    /// Counts, in the process that it runs in, the methods that ended because they were cancelled.
    static let cancelledCount = Shared(0)
    private(set) var waiters = 0
    distributed var isWaiting: Bool { waiters > 0 }

    /// Ends with its task.
    distributed func waitForCancellation() async {
        waiters += 1
        while !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
        Self.cancelledCount.change { $0 += 1 }
    }
}
