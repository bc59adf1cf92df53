import Glibc
package import Manta
import Synchronization

/// Kills worker processes that host actors, one after the other, while something else goes on.
///
/// It is no part of the cluster: it sends SIGKILL as an administrator, or the system when it is out of memory, might.
/// The seed decides how long it pauses and which worker of the list it takes; what that one is doing just then is
/// up to chance.
package final class Chaos: Sendable {
    package struct Plan: Sendable {
        /// On average: the pauses are half as long to half as long again.
        package var killsPerSecond: Double
        /// After so many it stops.
        package var limit: Int
        package var seed: UInt64

        package init(killsPerSecond: Double, limit: Int, seed: UInt64) {
            self.killsPerSecond = killsPerSecond
            self.limit = limit
            self.seed = seed
        }
    }

    private let cluster: ClusterSystem
    private let plan: Plan
    private let killed = Mutex<Set<Int32>>([])

    /// - Parameters:
    ///   - cluster: A cluster that this process hosts, so that its workers are children of this process.
    ///   - plan: How fast, and how often.
    package init(in cluster: ClusterSystem, _ plan: Plan) {
        self.cluster = cluster
        self.plan = plan
    }

    package var seed: UInt64 { plan.seed }
    package var killCount: Int { killed.withLock { $0.count } }

    /// Runs `body`, and kills workers until it ends.
    package func around<R>(_ body: () async throws -> R) async throws -> R {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if plan.killsPerSecond > 0 { group.addTask { await self.run() } }
            defer { group.cancelAll() }
            return try await body()
        }
    }

    private func run() async {
        var random = SeededRandom(seed: plan.seed)
        while killCount < plan.limit {
            let pause = Duration.seconds(Double.random(in: 0.5...1.5, using: &random) / plan.killsPerSecond)
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            // Without an answer there is just nobody to kill this time.
            let actors = (try? await cluster.actors()) ?? []
            // A dead process is listed until the cluster has heard of its end.
            let workers = Set(actors.filter { $0.state == .alive }.compactMap(\.processID))
                .subtracting(killed.withLock { $0 })
            guard !Task.isCancelled, let worker = workers.sorted().randomElement(using: &random) else {
                continue
            }
            if Self.isChild(worker), kill(worker, SIGKILL) == 0 {
                killed.withLock { _ = $0.insert(worker) }
            }
        }
    }

    /// The worker may have ended since it was listed, and its number be that of a stranger now; but the number of a
    /// child is not given away until this process has asked how it ended.
    private static func isChild(_ process: Int32) -> Bool {
        var information = siginfo_t()
        return waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0
    }
}
