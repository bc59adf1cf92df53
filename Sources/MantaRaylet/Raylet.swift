package import Distributed
internal import Logging
package import MantaCore
package import MantaGCS
package import MantaRuntime
internal import MantaTransport

/// One node: admits actors against its resources, and starts, watches and ends its worker processes.
///
/// It lives on the control lane of its process. What it decides is in two values: `LeaseTable`, what the actors
/// hold, and `WorkerPools`, which process hosts which. Building is in `Raylet+Building.swift`, processes are in
/// `Raylet+Workers.swift`, what they are started from in `Raylet+Jobs.swift`, its place in the cluster is in
/// `Raylet+Membership.swift`.
package distributed actor Raylet: ControlActor {
    package typealias ActorSystem = ClusterSystem

    /// The first number of the well-known identities; a process that hosts several nodes counts on.
    private static let firstNumber: UInt64 = 100

    let options: RayletOptions
    let gcs: GCS
    let logger: Logger
    let callbacks: ControlCallbacks<Raylet>
    let processes: WorkerProcesses
    var leases: LeaseTable
    var pools: WorkerPools
    /// What is known of those that have a pool.
    var jobs: [ProcessID: Job] = [:]
    let programs: ProgramCache
    var workers: [ProcessID: Worker] = [:]
    /// Actors that wait for their worker.
    var requests: [ActorID: Request] = [:]
    /// The tasks that build actors.
    private var builds: [ActorKey: Task<Void, Never>] = [:]
    /// Those who asked for them.
    private var clients: [ActorKey: [CheckedContinuation<CreationAnswer, Never>]] = [:]
    /// Those who wait until an incarnation is gone.
    private var releaseWaiters: [ActorKey: [CheckedContinuation<Void, Never>]] = [:]
    var isStopping = false
    /// Why the system does not let a process start, while those that it was for are told.
    var startError: ClusterError?
    /// For tests: who cannot be reached from here, for workers that start later.
    var cutHosts: Set<ProcessID> = []
    /// The node was declared dead.
    var isFenced = false
    /// Telling the GCS again who is here.
    var registering = Repetition()
    /// Ends the process, or whatever else the raylet lives in, after it was fenced.
    let onFenced: @Sendable () -> Void
    /// How the last workers ended that did.
    var lastEnds: [ProcessID: DeathCause] = [:]

    struct Worker {
        var process: any WorkerHandle
        var isReady = false
        /// Why it is being ended, when that was decided here.
        var ending: DeathCause?
        /// Resumed when it has ended.
        var exitWaiters: [CheckedContinuation<Void, Never>] = []
    }

    struct Job {
        /// `nil` until the GCS has been asked.
        var spec: JobSpec?
        /// The workers that wait for the job's program; each entry is whom the worker is for.
        var starts: [ActorID?] = []
        /// There is a task that sees to them.
        var isStarting = false
    }

    struct Request {
        var spec: ActorSpec
        var continuation: CheckedContinuation<Result<ProcessID, ClusterError>, Never>
    }

    private init(
        options: RayletOptions,
        gcs: GCS,
        processes: WorkerProcesses,
        onFenced: @escaping @Sendable () -> Void,
        callbacks: ControlCallbacks<Raylet>,
        actorSystem: ClusterSystem
    ) {
        self.actorSystem = actorSystem
        self.options = options
        self.gcs = gcs
        self.processes = processes
        self.onFenced = onFenced
        self.callbacks = callbacks
        logger = actorSystem.logger
        leases = LeaseTable(total: options.resources)
        pools = WorkerPools(sharedLimit: options.sharedWorkerCount, idleTarget: options.idleWorkerCount)
        programs =
            options.programs
            ?? ProgramCache(
                directory: "\(actorSystem.options.directory)/programs",
                logger: actorSystem.logger
            )
    }

    /// Makes the raylet of a node in this process, which may host several, told apart by `index`; `begin()` has it join
    /// the cluster.
    package static func make(
        index: Int,
        options: RayletOptions,
        gcs: GCS,
        processes: WorkerProcesses,
        in system: ClusterSystem,
        onFenced: @escaping @Sendable () -> Void = {}
    ) -> Raylet {
        let id = ActorID.system(firstNumber + UInt64(index), process: system.process)
        let callbacks = ControlCallbacks<Raylet>(control: system.control)
        let raylet = ActorCreation(Raylet.self, id: id, epoch: 0, label: "raylet").makeNow {
            Raylet(
                options: options,
                gcs: gcs,
                processes: processes,
                onFenced: onFenced,
                callbacks: callbacks,
                actorSystem: system
            )
        }
        callbacks.start(raylet)
        return raylet
    }

    /// The raylet that is alone in `process`.
    package static func at(_ process: ProcessID, using system: ClusterSystem) throws -> Raylet {
        try Raylet.resolve(id: .system(firstNumber, process: process), using: system)
    }

    // MARK: What the GCS has it do

    /// Builds an actor whose resources the GCS has reserved on this node.
    package distributed func create(_ spec: ActorSpec) async throws -> CreationAnswer {
        switch leases.create(spec) {
        case .answer(let answer): return answer
        case .build: startBuilding(spec)
        case .wait: break
        }
        return await withCheckedContinuation { clients[spec.key, default: []].append($0) }
    }

    private func startBuilding(_ spec: ActorSpec) {
        // A task of its own: an end cuts it short, not the loss of whoever asked for it.
        builds[spec.key] = Task(executorPreference: actorSystem.control.tasks) { await self.buildNow(spec) }
    }

    private func buildNow(_ spec: ActorSpec) async {
        let answer = await CallContext.$current.withValue(nil) { await self.build(spec) }
        builds[spec.key] = nil
        var told = answer
        if case .ends = leases.built(spec.key, answer) {
            let cause = leases[spec.key]?.ending ?? .killed
            if case .created = answer { told = .ended(cause) }
            await takeAway(spec.key, cause)
        }
        for client in clients.removeValue(forKey: spec.key) ?? [] { client.resume(returning: told) }
    }

    /// Ends an incarnation at once: its process, if it has one to itself. Returns when it is gone.
    package distributed func end(_ key: ActorKey, _ cause: DeathCause) async throws {
        switch leases.end(key, cause) {
        case .nothing: return
        case .takeAway: await takeAway(key, cause)
        case .cutShort:
            builds[key]?.cancel()
            await waitForRelease(of: key)
        case .wait: await waitForRelease(of: key)
        }
    }

    /// Lets an incarnation end in order. Returns when it is gone.
    package distributed func stop(_ key: ActorKey, _ cause: DeathCause, within limit: Duration) async throws {
        guard let lease = leases[key], lease.answer != nil, lease.ending == nil,
            let home = pools.home(of: key.id)
        else { return try await end(key, cause) }
        let system = actorSystem
        await uncancelled(on: system.control) {
            // Whatever comes of it, the incarnation is ended after that.
            try? await withCallOptions(timeout: limit + .seconds(5)) {
                try await WorkerHost.at(home, using: system).stop(key.id, cause, within: limit)
            }
        }
        try await end(key, cause)
    }

    private func takeAway(_ key: ActorKey, _ cause: DeathCause) async {
        if let home = pools.home(of: key.id) {
            if pools.dedicatedWorker(of: key.id) != nil {
                endProcess(home, cause)
                await exit(of: home)
            } else {
                await end(key.id, cause, in: home)
            }
        }
        release(key)
    }

    private func end(_ id: ActorID, _ cause: DeathCause, in worker: ProcessID) async {
        let system = actorSystem
        await uncancelled(on: system.control) {
            try? await WorkerHost.at(worker, using: system).end(id, cause)
        }
    }

    /// Gives back what an incarnation held, and tells those who wait for that.
    func release(_ key: ActorKey) {
        guard leases.gone(key) else { return }
        let home = pools.home(of: key.id)
        carryOut(pools.ended(key.id))
        if let home { workers[home]?.process.setLabel(label(of: home)) }
        for waiter in releaseWaiters.removeValue(forKey: key) ?? [] { waiter.resume() }
    }

    private func waitForRelease(of key: ActorKey) async {
        guard leases[key] != nil else { return }
        await withCheckedContinuation { releaseWaiters[key, default: []].append($0) }
    }

    // MARK: Objects

    package distributed func storeFigures() async throws -> StoreFigures {
        try await options.store.figures()
    }

    package distributed func objects() async throws -> [ObjectInfo] { try await options.store.objects() }

    /// The largest copies that the node has, at most so many, and how many there are.
    package distributed func largestObjects(atMost limit: Int) async throws -> ObjectListing {
        let objects = try await options.store.objects()
        return await offLane { ObjectListing(objects).largest(atMost: limit) }
    }

    // MARK: The end

    /// Ends all workers, after their actors, and waits until they are gone.
    package distributed func stop(within limit: Duration) async {
        isStopping = true
        programs.stop()
        await stopActors(within: limit)
        // Its control link closed, a worker ends by itself; one that has none yet is ended.
        for (worker, entry) in workers {
            if entry.isReady {
                actorSystem.closeLinks(to: worker, "the raylet stops")
            } else {
                entry.process.kill()
            }
        }
        callbacks.perform(after: limit) { raylet in
            for entry in raylet.workers.values { entry.process.kill() }
        }
        while let worker = workers.keys.first { await exit(of: worker) }
    }

    private func stopActors(within limit: Duration) async {
        let homes = Set(leases.running.compactMap { pools.home(of: $0.id) })
        let system = actorSystem
        await withTaskGroup(of: Void.self) { group in
            for home in homes {
                group.addTask(executorPreference: system.control.tasks) {
                    try? await withCallOptions(timeout: limit) {
                        try await WorkerHost.at(home, using: system).stopAll(.jobEnded, within: limit)
                    }
                }
            }
        }
    }
}
