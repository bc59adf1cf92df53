package import Distributed
internal import Logging
package import MantaCore
package import MantaGCS
package import MantaRuntime
internal import MantaScheduling
internal import MantaTransport

/// One node: admits actors against its resources, and starts, watches and ends its worker processes.
///
/// It lives on the control lane of its process. What it decides is in two values, `NodeLedger` and
/// `WorkerPool`.
package distributed actor Raylet: ControlActor {
    package typealias ActorSystem = ClusterSystem

    /// The first number of the well-known identities; a process that hosts several nodes counts on.
    private static let firstNumber: UInt64 = 100
    /// A worker that is not ready by then is ended.
    private static let startTimeout = Duration.seconds(30)
    /// A worker whose control lane is silent for longer is taken for dead, and ended.
    private static let heartbeat = LinkLimits.Heartbeat(interval: .seconds(1), bound: .seconds(15))

    private let options: RayletOptions
    private let gcs: GCS
    /// The actors that hold resources here.
    private var specs: [ActorID: ActorSpec] = [:]
    private let logger: Logger
    private let events: RayletEvents
    private var ledger: NodeLedger
    private var pool: WorkerPool
    private var workers: [ProcessID: Worker] = [:]
    private var requests: [ActorID: Request] = [:]
    private var creating: Set<ActorID> = []
    private var isStopping = false
    /// How the last workers ended that did.
    private var lastEnds: [ProcessID: DeathCause] = [:]

    private struct Worker {
        var process: WorkerProcess
        var isReady = false
        /// Resumed when it has ended.
        var exitWaiters: [CheckedContinuation<Void, Never>] = []
    }

    /// An actor that waits for its worker.
    private struct Request {
        var spec: ActorSpec
        var continuation: CheckedContinuation<Result<ProcessID, ClusterError>, Never>
    }

    private init(options: RayletOptions, gcs: GCS, events: RayletEvents, actorSystem: ClusterSystem) {
        self.actorSystem = actorSystem
        self.options = options
        self.gcs = gcs
        self.events = events
        logger = actorSystem.logger
        ledger = NodeLedger(total: options.resources)
        pool = WorkerPool(sharedLimit: options.sharedWorkerCount, idleTarget: options.idleWorkerCount)
    }

    /// Makes the raylet of a node in this process; `begin()` has it join the cluster.
    /// `events` brings what happens to the node's processes to it.
    package static func make(
        index: Int,
        options: RayletOptions,
        gcs: GCS,
        events: RayletEvents,
        in system: ClusterSystem
    ) -> Raylet {
        let id = ActorID.system(firstNumber + UInt64(index), process: system.process)
        let raylet = ActorCreation(Raylet.self, id: id, epoch: 0, label: "raylet").makeNow {
            Raylet(options: options, gcs: gcs, events: events, actorSystem: system)
        }
        events.start(raylet)
        return raylet
    }

    /// Joins the cluster, and starts the first workers.
    package distributed func begin() async throws {
        try await gcs.nodeJoined(
            NodeRegistration(
                id: options.node,
                address: options.address,
                resources: options.resources,
                labels: options.labels,
                raylet: id
            )
        )
        carryOut(pool.begin())
    }

    // MARK: For the GCS

    /// Creates an actor whose resources the GCS has reserved on this node.
    package distributed func create(_ spec: ActorSpec) async throws -> SpawnOutcome {
        guard ledger.acquire(spec.options.resources) else {
            throw ClusterError(
                .overloaded,
                "\(options.node) has \(ledger.available) left, \(spec.label) asks for \(spec.options.resources)",
                outcome: .notExecuted
            )
        }
        // While it is being created, what it holds is given back here and nowhere else.
        creating.insert(spec.id)
        defer { creating.remove(spec.id) }
        do {
            let outcome = try await createAdmitted(spec)
            if case .initFailed = outcome { ended(spec) }
            return outcome
        } catch {
            // Its initialiser may be running, and end well when nobody waits for it any more.
            if let home = pool.home(of: spec.id) { await end(spec.id, .killed, in: home) }
            ended(spec)
            throw error
        }
    }

    private func end(_ id: ActorID, _ cause: DeathCause, in worker: ProcessID) async {
        let system = actorSystem
        await uncancelled(on: system.control) {
            try? await WorkerHost.at(worker, using: system).end(id, cause)
        }
    }

    /// How a worker ended, once it has; `nil` when it lives.
    private func cause(ofLost worker: ProcessID) async -> DeathCause? {
        guard workers[worker] != nil else { return lastEnds[worker] }
        await withCheckedContinuation { workers[worker]?.exitWaiters.append($0) }
        return lastEnds[worker]
    }

    /// How many workers that end under its hands a new actor is given.
    private static let workerLimit = 3

    private func createAdmitted(_ spec: ActorSpec) async throws -> SpawnOutcome {
        specs[spec.id] = spec
        var attempt = 1
        while true {
            let workerID = try await worker(for: spec)
            do {
                return try await create(spec, in: workerID)
            } catch let error as ClusterError
                where error.outcome == .notExecuted && lastEnds[workerID] != nil && attempt < Self.workerLimit
            {
                // Its worker had died of another actor, before this one was begun.
                attempt += 1
            }
        }
    }

    private func create(_ spec: ActorSpec, in workerID: ProcessID) async throws -> SpawnOutcome {
        guard let worker = workers[workerID] else { throw died(spec, in: workerID) }
        worker.process.setLabel(label(of: workerID))
        let host = try WorkerHost.at(workerID, using: actorSystem)
        switch try await create(spec, by: host, in: workerID) {
        case .failed(let failure): return .initFailed(failure)
        case .created(let lane):
            guard specs[spec.id] != nil else {
                // It was ended while its initialiser ran.
                await end(spec.id, .killed, in: workerID)
                throw ClusterError(
                    .actorDied(.killed),
                    "\(spec.label) was ended before it was ready",
                    outcome: .notExecuted
                )
            }
            let location = ActorLocation(
                process: workerID,
                endpoint: actorSystem.options.endpoint(of: workerID),
                lane: lane,
                epoch: spec.epoch,
                maxPendingCalls: spec.options.maxPendingCalls
            )
            return .created(spec.id, location, operatingSystemID: worker.process.operatingSystemID)
        }
    }

    private func create(
        _ spec: ActorSpec,
        by host: WorkerHost,
        in worker: ProcessID
    ) async throws -> WorkerHost.Creation {
        do {
            return try await host.create(spec)
        } catch let error as ClusterError where error.code == .notConnected {
            guard let cause = await cause(ofLost: worker) else { throw error }
            throw ClusterError(
                .workerDied(cause),
                "the worker ended while it created \(spec.label): \(cause)",
                outcome: error.outcome
            )
        }
    }

    /// Gives back what an actor holds, once.
    private func ended(_ spec: ActorSpec) {
        guard specs.removeValue(forKey: spec.id) != nil else { return }
        ledger.release(spec.options.resources)
        let home = pool.home(of: spec.id)
        carryOut(pool.ended(spec.id))
        if let home { workers[home]?.process.setLabel(label(of: home)) }
    }

    /// Ends an actor at once: its process, if it has one to itself.
    package distributed func end(_ id: ActorID, _ cause: DeathCause) async throws {
        guard let spec = specs[id] else { return }
        if let request = requests.removeValue(forKey: id) {
            pool.withdraw(id)
            request.continuation.resume(
                returning: .failure(ClusterError(.actorDied(cause), "\(spec.label) was ended"))
            )
            return
        }
        let home = pool.home(of: id)
        let isAlone = pool.dedicatedWorker(of: id) != nil
        if let home, !isAlone { await end(id, cause, in: home) }
        ended(spec)
    }

    // MARK: For workers

    /// A worker serves its socket and can create actors.
    package distributed func workerReady(_ worker: ProcessID) async throws {
        guard var entry = workers[worker] else { return }
        entry.isReady = true
        workers[worker] = entry
        try await gcs.processJoined(
            ProcessRecord(
                id: worker,
                node: options.node,
                endpoint: actorSystem.options.endpoint(of: worker),
                operatingSystemID: entry.process.operatingSystemID
            )
        )
        carryOut(pool.ready(worker))
    }

    private func worker(for spec: ActorSpec) async throws -> ProcessID {
        let need: WorkerPool.Need =
            switch spec.options.isolation {
            case .shared, .thread: .shared
            case .process: spec.options.environment.isEmpty ? .dedicated : .fresh
            }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                requests[spec.id] = Request(spec: spec, continuation: continuation)
                carryOut(pool.request(spec.id, need))
                if Task.isCancelled { withdraw(spec.id) }
            }
        } onCancel: {
            events.perform { $0.withdraw(spec.id) }
        }
        switch result {
        case .success(let worker): return worker
        case .failure(let error): throw error.code == .cancelled ? CancellationError() : error
        }
    }

    private func withdraw(_ actor: ActorID) {
        guard let request = requests.removeValue(forKey: actor) else { return }
        pool.withdraw(actor)
        request.continuation.resume(returning: .failure(ClusterError(.cancelled, "the spawn was cancelled")))
    }

    // MARK: Worker processes

    private func carryOut(_ actions: [WorkerPool.Action]) {
        for action in actions {
            switch action {
            case .start(let actor): start(for: actor)
            case .assign(let actor, let worker):
                requests.removeValue(forKey: actor)?.continuation.resume(returning: .success(worker))
            case .refuse(let actor, let cause):
                requests.removeValue(forKey: actor)?.continuation.resume(
                    returning: .failure(
                        ClusterError(.workerDied(cause), "a new worker did not start: \(cause)")
                    )
                )
            case .retire(let worker): workers[worker]?.process.kill()
            }
        }
    }

    private func start(for actor: ActorID?) {
        guard !isStopping else { return carryOut(pool.startFailed(.killed)) }
        let id = ProcessID(.random(in: 1 ... .max))
        let environment = actor.flatMap { requests[$0]?.spec.options.environment } ?? [:]
        do {
            let (process, control) = try WorkerProcess.start(
                id,
                try options.command(id, raylet: self.id, system: actorSystem, adding: environment),
                lane: actorSystem.control,
                outputLane: options.outputLane,
                logger: logger,
                onExit: { [events] cause in events.perform { $0.exited(id, cause) } }
            )
            workers[id] = Worker(process: process)
            events.add(process)
            pool.started(id)
            greet(id, control)
            events.perform(after: Self.startTimeout) { $0.checkStarted(id) }
        } catch {
            logger.error("cannot start a worker", metadata: ["error": "\(error)"])
            carryOut(pool.startFailed(.initFailed("\(error)")))
        }
    }

    /// Waits for the worker to greet on its control socket, and makes a connection of it.
    private func greet(_ worker: ProcessID, _ control: Int32) {
        let system = actorSystem
        let exchange = GreetingExchange(
            socket: control,
            lane: system.control,
            role: .listener,
            greeting: system.greeting(to: worker, lane: Greeting.controlLane),
            patience: Self.startTimeout
        ) { [events, logger] result in
            switch result {
            case .success(let socket):
                let connection = Connection(
                    socket,
                    system: system,
                    lane: system.control,
                    heartbeat: Self.heartbeat
                )
                system.adopt(connection)
                system.whenClosed(connection) { failure in
                    // Whoever lost its raylet ends itself; one that cannot, because it is stopped, is ended
                    // here.
                    events.perform { $0.lost(worker, failure) }
                }
            case .failure(let error):
                logger.debug(
                    "a worker did not greet",
                    metadata: ["worker": "\(worker)", "error": "\(error)"]
                )
            }
        }
        exchange.start()
    }

    private func lost(_ worker: ProcessID, _ failure: LinkFailure) {
        guard let entry = workers[worker] else { return }
        guard case .silent = failure else { return entry.process.kill() }
        logger.warning(
            "ending a silent worker",
            metadata: ["worker": "\(entry.process.operatingSystemID)", "reason": "\(failure)"]
        )
        entry.process.kill(because: "\(failure)")
    }

    private func checkStarted(_ worker: ProcessID) {
        guard let entry = workers[worker], !entry.isReady else { return }
        entry.process.kill(
            because: "it did not reach ClusterSystem.run or connect within \(Self.startTimeout)"
        )
    }

    private func exited(_ worker: ProcessID, _ cause: DeathCause) {
        guard let entry = workers.removeValue(forKey: worker) else { return }
        events.remove(worker)
        if lastEnds.count >= 1_000 { lastEnds.removeAll() }
        lastEnds[worker] = cause
        let actors = pool.actors(in: worker)
        if !isStopping, !actors.isEmpty {
            logger.warning(
                "a worker ended",
                metadata: [
                    "worker": "\(entry.process.operatingSystemID)", "cause": "\(cause)",
                    "actors": "\(actors.count)",
                ]
            )
        }
        events.report(worker, cause, to: gcs)
        for actor in actors where !creating.contains(actor) {
            guard let spec = specs.removeValue(forKey: actor) else { continue }
            ledger.release(spec.options.resources)
        }
        for waiter in entry.exitWaiters { waiter.resume() }
        carryOut(pool.left(worker, cause))
    }

    private func died(_ spec: ActorSpec, in worker: ProcessID) -> ClusterError {
        ClusterError(
            .workerDied(.killed),
            "the worker for \(spec.label) ended before it was created",
            outcome: .notExecuted
        )
    }

    /// What the lines that a worker writes come from: its actor, if it has only one.
    private func label(of worker: ProcessID) -> String? {
        if let actor = pool.soleActor(in: worker) { return specs[actor]?.label }
        let count = pool.actorCount(in: worker)
        return count == 0 ? nil : "\(count) actors"
    }

    // MARK: The end

    /// Ends all workers, and waits until they are gone.
    package distributed func stop(within limit: Duration) async {
        isStopping = true
        // Its control link closed, a worker ends by itself; one that has none yet is ended.
        for (worker, entry) in workers {
            if entry.isReady {
                actorSystem.closeLinks(to: worker, "the raylet stops")
            } else {
                entry.process.kill()
            }
        }
        events.perform(after: limit) { raylet in for entry in raylet.workers.values { entry.process.kill() } }
        while let worker = workers.keys.first {
            await withCheckedContinuation { workers[worker]?.exitWaiters.append($0) }
        }
    }
}
