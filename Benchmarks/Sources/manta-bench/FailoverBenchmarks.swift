import CFloor
import Glibc
import Manta

/// How soon it is known that a part of a cluster of three daemons has ended, and how soon the rest does its work.
///
/// The driver is on the machine of the second node, and what it calls on the third.
struct FailoverBenchmarks {
    private let cluster: ClusterSystem
    private let effort: Effort
    private let report: @Sendable (Figure, Double) -> Void
    private let daemons: [DaemonNode]

    init(_ cluster: ClusterSystem, _ effort: Effort, report: @escaping @Sendable (Figure, Double) -> Void)
        throws
    {
        self.cluster = cluster
        self.effort = effort
        self.report = report
        daemons = try DaemonCluster().nodes
    }

    func run(rounds: Int) async throws {
        var victim = daemons[2]
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds): a worker is killed")
            let worker = try await Casualty(cluster, on: try await id(of: victim))
            let process = worker.process
            try await report(worker) { kill(process, SIGKILL) }

            Progress.note("round \(round) of \(rounds): a node is killed")
            let killed = victim
            let onKilled = try await Casualty(cluster, on: try await id(of: victim))
            try await report(onKilled, .nodeKilledCall, .nodeKilledKnown, .nodeKilledAnswer) {
                try killed.signal(SIGKILL)
            }
            try victim.start(outlivesThread: true)
            _ = try await id(of: victim)

            Progress.note("round \(round) of \(rounds): a node is frozen")
            try await measureFreeze(of: victim)
        }
        try await HeadFailover(cluster, effort, daemons[0], far: try await id(of: victim), report: report)
            .run(rounds: rounds)
    }

    private func measureFreeze(of node: DaemonNode) async throws {
        let frozen = try await id(of: node)
        let casualty = try await Casualty(cluster, on: frozen)
        try await report(casualty, .nodeFrozenCall, .nodeFrozenKnown, .nodeFrozenAnswer) {
            try node.signal(SIGSTOP)
        }
        let before = cfloor_now()
        try node.signal(SIGCONT)
        _ = try await id(of: node, after: frozen)
        report(.nodeThawed, Double(cfloor_now() - before) / 1e6)
    }

    private func report(
        _ casualty: Casualty,
        _ call: Figure = .workerKilledCall,
        _ known: Figure = .workerKilledKnown,
        _ answer: Figure = .workerKilledAnswer,
        blow: @escaping @Sendable () throws -> Void
    ) async throws {
        let times = try await casualty.suffer(blow)
        for (figure, nanoseconds) in [
            (call, times.callFailed), (known, times.isKnown), (answer, times.answers),
        ] {
            report(figure, Double(nanoseconds) / 1e6)
        }
    }

    /// As which member of the cluster a daemon takes part, once it does.
    private func id(of daemon: DaemonNode, after former: NodeID? = nil) async throws -> NodeID {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let member = try await cluster.nodes().first { node in
                node.address.hasSuffix(":\(daemon.port)") && node.state == .alive && node.id != former
            }
            if let member { return member.id }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw BenchmarkError(description: "the node at \(daemon.address) does not join the cluster")
    }
}
