package import Manta
internal import Glibc
internal import MantaCore
internal import MantaRuntime

/// Runs `body` with an embedded cluster of its own: real worker processes, which are this test bundle started
/// again.
///
/// One such test runs at a time, so that what it leaves behind can be told from what others do: at the end
/// the ledger of calls, descriptors, processes, threads and files is compared with that at the start.
///
/// - Throws: What `body` throws, or ``Leak``.
package func withCluster(
    nodes: Int = 1,
    _ change: (inout ClusterConfiguration) -> Void = { _ in },
    _ body: (EmbeddedCluster) async throws -> Void
) async throws {
    // What the environment says holds, so that the gate can run the tests with each way of dispatch.
    var configuration = ClusterConfiguration.default
    configuration.nodes = nodes
    configuration.resources = [.cpu: 4]
    configuration.logLevel = .error
    change(&configuration)
    let chosen = configuration
    try await Turn.taken {
        let before = Ledger.now()
        let cluster = try await EmbeddedCluster.start(chosen)
        let directory = cluster.directory
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body(cluster)) } catch { outcome = .failure(error) }
        // A worker that is just getting ready is on the line with its raylet.
        try? await eventually(within: .seconds(5)) { cluster.system.openCallCount == 0 }
        let openCalls = cluster.system.openCallCount
        await cluster.stop()
        try outcome.get()
        try await Ledger.check(since: before, openCalls: openCalls, directory: directory)
    }
}

/// Lets one test at a time through.
package enum Turn {
    private static let gate = Gate()

    package static func taken<R>(_ body: () async throws -> R) async rethrows -> R {
        await gate.enter()
        do {
            let result = try await body()
            await gate.leave()
            return result
        } catch {
            await gate.leave()
            throw error
        }
    }

    private actor Gate {
        private var isTaken = false
        private var waiters: [CheckedContinuation<Void, Never>] = []

        func enter() async {
            guard isTaken else {
                isTaken = true
                return
            }
            await withCheckedContinuation { waiters.append($0) }
        }

        func leave() {
            guard !waiters.isEmpty else {
                isTaken = false
                return
            }
            waiters.removeFirst().resume()
        }
    }
}
