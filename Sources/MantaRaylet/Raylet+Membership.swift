internal import Distributed
internal import Glibc
internal import Logging
package import MantaCore
internal import MantaGCS
internal import MantaRuntime
internal import MantaTransport

// The node in its cluster: joining, coming back after a lost link, and being told that it is dead.

extension Raylet {
    private static let registrationPause = Duration.milliseconds(100)

    /// Whether the GCS is in another process, over links that can be lost.
    private var isRemote: Bool { options.gcs != actorSystem.process }

    /// Joins the cluster, and starts the first workers.
    package distributed func begin() async throws {
        if isRemote {
            actorSystem.watch(options.gcs, heartbeat: options.heartbeat) { [callbacks] _ in
                callbacks.perform { $0.registerAgain() }
            }
        }
        guard try await register() == .accepted else {
            throw ClusterError(.notConnected, "\(options.node) was declared dead before it had joined")
        }
        if isRemote { try await announceProcess() }
        if let job = options.ownJob { carryOut(pools.begin(job)) }
    }

    /// Enters the raylet's own process in the directory, so that its links are closed when the node is declared dead.
    private func announceProcess() async throws {
        try await gcs.processJoined(
            ProcessRecord(
                id: actorSystem.process,
                node: options.node,
                endpoint: actorSystem.options.endpoint(of: actorSystem.process),
                operatingSystemID: getpid()
            )
        )
    }

    private func register() async throws -> NodeAdmission {
        try await gcs.nodeJoined(
            NodeRegistration(
                id: options.node,
                address: options.address,
                endpoint: actorSystem.options.endpoint(of: actorSystem.process),
                resources: options.resources,
                labels: options.labels,
                raylet: id,
                hosted: leases.all,
                programs: programs.stored
            )
        )
    }

    /// Answers: the raylet is there. Only a suspect node is asked, and the GCS may have lost a link that this side still
    /// takes for good.
    package distributed func probe() { if isRemote { registerAgain() } }

    private static let witnessPatience = Duration.milliseconds(400)

    /// Whether another raylet, which the GCS has lost, answers to this one.
    package distributed func reaches(_ raylet: ActorID) async -> Bool {
        do {
            let other = try Raylet.resolve(id: raylet, using: actorSystem)
            try await withCallOptions(timeout: Self.witnessPatience) { try await other.probe() }
            return true
        } catch {
            return false
        }
    }

    /// A link to the GCS was lost: it waits to hear that the node is still there.
    private func registerAgain() {
        guard registering.wanted() else { return }
        // A task of its own, because a link's end is what calls this.
        _ = Task(executorPreference: actorSystem.control.tasks) {
            await CallContext.$current.withValue(nil) { await self.registerUntilHeard() }
        }
    }

    private func registerUntilHeard() async {
        var hasFailed = false
        while !isStopping, !actorSystem.isCutOff {
            do {
                if case .fenced = try await register() { return fenced() }
                if hasFailed {
                    logger.notice("the head answers again", metadata: ["node": "\(options.node)"])
                }
                hasFailed = false
            } catch {
                registering.failed()
                if !hasFailed {
                    logger.warning(
                        "the head does not answer; what runs here goes on, and waits for it",
                        metadata: ["node": "\(options.node)", "error": "\(error)"]
                    )
                }
                hasFailed = true
                try? await Task.sleep(for: Self.registrationPause)
            }
            guard registering.done() else { return }
        }
    }

    /// The cluster goes on without this node: what it hosts runs elsewhere, or is dead.
    private func fenced() {
        guard !isFenced, !isStopping else { return }
        isFenced = true
        isStopping = true
        logger.warning(
            "this node was declared dead: ending its workers",
            metadata: ["node": "\(options.node)"]
        )
        processes.killAll()
        onFenced()
    }

    // MARK: A network that fails

    /// For tests: cuts this process and its workers off from those of other hosts.
    package distributed func cut(from hosts: [ProcessID]) async {
        await actorSystem.options.faults?.cut(from: Set(hosts))
        cutHosts.formUnion(hosts)
        for (worker, entry) in workers where entry.isReady { await passOnCuts(to: worker) }
    }

    package distributed func heal() async {
        await actorSystem.options.faults?.heal()
        cutHosts = []
        for (worker, entry) in workers where entry.isReady {
            try? await WorkerFaults.at(worker, using: actorSystem).heal()
        }
    }

    func passOnCuts(to worker: ProcessID) async {
        guard !cutHosts.isEmpty else { return }
        try? await WorkerFaults.at(worker, using: actorSystem).cut(from: Array(cutHosts))
    }
}
