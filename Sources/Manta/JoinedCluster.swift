internal import Glibc
internal import MantaCore
internal import MantaGCS
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport
import Synchronization

/// A driver's part in a cluster that another driver on this machine hosts, or of which this machine is a node.
///
/// The actors that it spawns are its job: they end with it, unless they are detached. When the cluster ends, its calls
/// fail with `notConnected`.
final class JoinedCluster: DriverCluster {
    let system: ClusterSystem
    private let client: ClusterClient
    /// The process that keeps the store of this machine's node.
    private let keeper: ProcessID
    private let end = SharedEnd()
    private let hasJoined = Atomic<Bool>(false)
    private static let leavingPatience = Duration.seconds(3)
    private let rejoining = Mutex(Rejoining())

    private struct Rejoining {
        var repetition = Repetition()
        var task: Task<Void, Never>?
        /// It ends, and does not care any more whether the head knows it.
        var isLeaving = false
    }

    static func join(_ text: String, _ configuration: ClusterConfiguration) async throws -> JoinedCluster {
        try configuration.check()
        let cluster = try JoinedCluster(try ClusterAddress(text), configuration)
        do {
            try await cluster.begin()
        } catch {
            await cluster.stop()
            guard let error = error as? ClusterError, error.code == .notConnected else { throw error }
            throw ClusterError(
                .notConnected,
                "the cluster at \(text) does not answer: \(error.message)",
                hint: "its driver may have ended; the address is new each time it starts"
            )
        }
        return cluster
    }

    private init(_ address: ClusterAddress, _ configuration: ClusterConfiguration) throws {
        let system = ClusterSystem(
            process: .newHost(),
            options: try address.runtimeOptions(configuration),
            logger: configuration.makeLogger()
        )
        self.system = system
        keeper = address.card.node?.keeper ?? address.card.gcs
        do {
            client = ClusterClient(gcs: try GCS.at(address.card.gcs, using: system), system: system)
        } catch {
            preconditionFailure("the GCS of another process cannot be of the wrong type: \(error)")
        }
    }

    private func begin() async throws {
        // On a thread of its own, while the links are made.
        async let program = ProgramDigest.ofThisProcess()
        system.setDirectory(GCSDirectory(gcs: client.gcs, lane: system.control))
        await system.chooseDispatch()
        try system.listen()
        let record = ProcessRecord(
            id: system.process,
            node: .none,
            endpoint: system.options.endpoint(of: system.process),
            operatingSystemID: getpid()
        )
        let job = JobSpec.current(
            system.process,
            namespace: system.options.namespace,
            program: try await program
        )
        if let network = system.options.network {
            system.watch(network.gcs) { [weak self] _ in self?.joinAgain(record, job) }
        }
        try await client.bounded("join") { try await $0.driverJoined(record, job: job) }
        hasJoined.store(true, ordering: .relaxed)
        try await keepProgram(of: job)
        let keeper = try StoreKeeper.at(keeper, index: 0, using: system)
        let store = try await client.bounded("join") { _ in try await keeper.launch() }
        try store.begin(in: system)
        system.attach(ClusterMember(client: client, parts: self))
        client.follow()
    }

    /// Has the node of this machine keep the program, for other nodes too, also after this process has ended.
    private func keepProgram(of job: JobSpec) async throws {
        let raylet = try Raylet.at(keeper, using: system)
        do {
            try await client.bounded("join") { _ in try await raylet.prepare(job) }
        } catch let error as ClusterError where error.code == .noSuchActor {
            // The head of a test, which has no node.
        }
    }

    /// The head has been lost, or has lost this driver: it waits to hear that the driver is still there.
    private func joinAgain(_ record: ProcessRecord, _ job: JobSpec) {
        rejoining.withLock { rejoining in
            guard !system.isCutOff, !rejoining.isLeaving, rejoining.repetition.wanted() else { return }
            // Unstructured: a link's end is what calls this. It ends when the head has heard, or with this part.
            rejoining.task = Task.detached(executorPreference: system.control.tasks) { [self] in
                // A link that is lost after the head has heard may be the one by which it knows.
                repeat { await joinUntilHeard(record, job) } while isWantedAgain()
            }
        }
    }

    private func isWantedAgain() -> Bool {
        rejoining.withLock { $0.repetition.done() } && !Task.isCancelled
    }

    private func joinUntilHeard(_ record: ProcessRecord, _ job: JobSpec) async {
        do {
            try await GCSPatience(system).ask { try await client.gcs.driverJoined(record, job: job) }
        } catch let error as ClusterError {
            // It may have heard, or not.
            if case .timedOut = error.code { rejoining.withLock { $0.repetition.failed() } }
            guard case .workerDied = error.code else { return }
            system.logger.critical(
                "the head took this driver for dead and has ended its job",
                metadata: ["reason": "\(error.message)"]
            )
            system.cutOff()
        } catch {
            // It was cancelled: the driver ends.
        }
    }

    func stop() async {
        let task = rejoining.withLock { rejoining in
            rejoining.isLeaving = true
            return rejoining.task.take()
        }
        task?.cancel()
        await end.reach { await self.finish() }
    }

    private func finish() async {
        if hasJoined.load(ordering: .relaxed) {
            system.objects?.close()
            // The head knows without this too, by the link; but then names are taken for a moment longer.
            await withTaskExecutorPreference(system.control.tasks) {
                try? await withCallOptions(timeout: Self.leavingPatience) {
                    try await client.gcs.driverLeaves(system.process)
                }
            }
        }
        client.stop()
        await system.stop()
        abandon()
    }

    func abandon() { system.options.removeSockets(of: system.process) }
}
