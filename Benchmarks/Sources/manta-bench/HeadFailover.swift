import CFloor
import Glibc
import Manta

/// What happens while the head is killed and started again, with a directory of many names.
struct HeadFailover {
    private let cluster: ClusterSystem
    private let effort: Effort
    private let head: DaemonNode
    private let far: NodeID
    private let report: @Sendable (Figure, Double) -> Void

    /// - Parameters:
    ///   - cluster: Of three nodes, of which the driver's is not the head's.
    ///   - effort: How many names there are.
    ///   - head: The daemon.
    ///   - far: A node that is neither the head's nor the driver's.
    ///   - report: Takes the figures.
    init(
        _ cluster: ClusterSystem,
        _ effort: Effort,
        _ head: DaemonNode,
        far: NodeID,
        report: @escaping @Sendable (Figure, Double) -> Void
    ) {
        self.cluster = cluster
        self.effort = effort
        self.head = head
        self.far = far
        self.report = report
    }

    func run(rounds: Int) async throws {
        let nodes = try await cluster.nodes().filter { !$0.address.hasSuffix(":\(head.port)") }.map(\.id)
        Progress.note("\(effort.crowdCount) named actors")
        try await spawnCrowd(on: nodes)
        let callee = try await cluster.spawn(Callee.self, options: options(on: far))
        let near = nodes.first { $0 != far } ?? far
        let caller = try await cluster.spawn(Caller.self, options: options(on: near))
        var running = head
        for round in 1...rounds {
            Progress.note("round \(round) of \(rounds): the head is killed")
            let latencies = try await withThrowingTaskGroup(of: [UInt64].self) { group in
                group.addTask { try await caller.latenciesUntilStopped(of: callee) }
                running = try await restart(running, round, spawningOn: far)
                try await caller.stopCalling()
                return Latencies(nanoseconds: try await group.reduce(into: []) { $0 += $1 })
            }
            report(.headCallsP99, latencies.p99Microseconds)
            report(.headCallsMax, latencies.quantile(1) / 1e6)
        }
    }

    private func options(on node: NodeID) -> ActorOptions {
        ActorOptions(isolation: .process, placement: .node(node))
    }

    private func spawnCrowd(on nodes: [NodeID]) async throws {
        let count = effort.crowdCount
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in 0..<64 {
                group.addTask {
                    for index in stride(from: start, to: count, by: 64) {
                        let place = Placement.node(nodes[index % nodes.count])
                        let options = ActorOptions(name: "crowd \(index)", placement: place)
                        _ = try await cluster.spawn(Callee.self, options: options)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func restart(_ old: DaemonNode, _ round: Int, spawningOn node: NodeID) async throws -> DaemonNode
    {
        var head = old
        let killed = cfloor_now()
        try head.signal(SIGKILL)
        let started = cfloor_now()
        try head.start(outlivesThread: true)
        report(.headReady, Double(cfloor_now() - started) / 1e6)
        // A name that this process has not looked up before.
        try await untilItSucceeds {
            let actor = try await cluster.find(Callee.self, named: "crowd \(round * 41)")
            _ = try await actor.echo(1)
        }
        report(.headFind, Double(cfloor_now() - killed) / 1e6)
        try await untilItSucceeds {
            let options = ActorOptions(placement: .node(node))
            let actor = try await cluster.spawn(Callee.self, options: options)
            _ = try await actor.echo(1)
        }
        report(.headSpawn, Double(cfloor_now() - killed) / 1e6)
        return head
    }

    private func untilItSucceeds(_ body: () async throws -> Void) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do { return try await body() } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(2))
            }
        }
    }
}
