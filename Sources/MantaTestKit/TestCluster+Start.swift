internal import Logging
internal import Manta
internal import MantaCore
internal import MantaGCS
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport

extension TestCluster {
    /// Starts a cluster, and returns when all of its nodes have joined.
    static func start(
        _ kind: Kind,
        nodeCount: Int,
        resources: Resources,
        liveness: NodeLiveness,
        logLevel: Logger.Level
    ) async throws -> TestCluster {
        guard nodeCount > 0 else {
            throw ClusterError(.invalidArgument, "a test cluster of \(nodeCount) nodes")
        }
        var configuration = ClusterConfiguration.default
        configuration.resources = resources
        configuration.logLevel = logLevel
        let faults = NetworkFaults()
        let head = try await EmbeddedCluster.startHead(configuration, liveness: liveness, faults: faults)
        var backends: [any NodeBackend] = []
        var nodes: [Node] = []
        var failure: (any Error)?
        do {
            for _ in 0..<nodeCount {
                let launch = NodeLaunch(configuration, silence: liveness.heartbeat.bound, in: head.system)
                let backend: any NodeBackend =
                    switch kind {
                    case .inProcess: try await InProcessNode(launch)
                    case .processes: try ProcessNode(launch, in: head.system)
                    }
                backends.append(backend)
                nodes.append(Node(launch.node, host: launch.process, backend: backend))
            }
            try await join(zip(nodes, backends).map { ($0.id, $1) }, head.system)
        } catch {
            failure = error
        }
        let test = TestCluster(kind, head: head, faults: faults, nodes: nodes)
        guard let failure else { return test }
        await test.stop()
        throw failure
    }

    private static func join(_ nodes: [(NodeID, any NodeBackend)], _ system: ClusterSystem) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (id, backend) in nodes {
                group.addTask {
                    try await backend.join { try await system.nodes().contains { $0.id == id } }
                }
            }
            try await group.waitForAll()
        }
    }
}

extension NodeLaunch {
    /// A node of the cluster of which `head` hosts the GCS. Few workers and lanes: tests start many nodes on one machine.
    fileprivate init(_ configuration: ClusterConfiguration, silence: Duration, in head: ClusterSystem) {
        self.init(
            process: .newHost(),
            node: NodeID(.random(in: 1 ... .max)),
            gcs: head.process,
            options: head.options,
            logLevel: configuration.logLevel.rawValue,
            resources: configuration.resources,
            labels: configuration.labels,
            sharedWorkerCount: 2,
            idleWorkerCount: 0,
            workerLaneCount: 1,
            silence: silence,
            storeCapacity: configuration.storeCapacity,
            spillDirectory: configuration.spillDirectory
        )
    }
}
