import CFloor
import Glibc
import Manta

/// What a cluster takes to start and to be there. Measured once in each process: every round is a process of
/// its own.
struct ClusterBenchmarks {
    let cluster: ClusterSystem
    let effort: Effort
    let report: @Sendable (Figure, Double) -> Void

    /// Measures everything once, given when the process was started on the monotonic clock.
    func run(started: UInt64) async throws {
        let actor = try await cluster.spawn(Callee.self)
        _ = try await actor.echo(1)
        report(.coldStart, Double(cfloor_now() - started) / 1e6)

        // The idle workers that the cluster keeps ready are still starting.
        try await Task.sleep(for: .seconds(1))
        let processes = try ProcessTree.current()
        report(.idleMemory, Double(try processes.residentKiB()) / 1_024)
        let before = (cfloor_now(), processes.processorTime())
        try await Task.sleep(for: effort.idleTime)
        let used = processes.processorTime() - before.1
        report(.idleProcessor, Double(used) * 100 / Double(cfloor_now() - before.0))

        try await measureActors()
    }

    private func measureActors() async throws {
        let benchmarks = ActorBenchmarks(cluster: cluster, effort: effort, report: report)
        // The first ones also pay for what is there once: both workers' lanes, tables and links.
        var actors = try await benchmarks.spawn(640, isolation: .shared, atOnce: 64)
        let before = try ProcessTree.current().residentKiB()
        let count = actors.count
        actors += try await benchmarks.spawn(effort.residentActorCount, isolation: .shared, atOnce: 50)
        let grown = try ProcessTree.current().residentKiB() - before
        report(.actorMemory, Double(grown) / Double(actors.count - count))
    }
}
