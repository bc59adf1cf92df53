internal import Distributed
internal import Glibc
internal import Logging
package import MantaCore
internal import MantaGCS
internal import MantaRuntime
internal import MantaTransport

// The worker processes of the node.

extension Raylet {
    /// A worker that is not ready by then is ended.
    private static let startTimeout = Duration.seconds(30)

    /// A worker serves its socket and can create actors.
    package distributed func workerReady(_ worker: ProcessID) async throws {
        guard var entry = workers[worker] else { return }
        entry.isReady = true
        workers[worker] = entry
        try await announce(
            ProcessRecord(
                id: worker,
                node: options.node,
                endpoint: actorSystem.options.endpoint(of: worker),
                operatingSystemID: entry.process.operatingSystemID,
                job: pools.job(of: worker)
            )
        )
        await passOnCuts(to: worker)
        carryOut(pools.ready(worker))
    }

    /// Enters a worker in the directory; while the head is down, when it is there again.
    private func announce(_ worker: ProcessRecord) async throws {
        while true {
            do {
                return try await gcs.processJoined(worker)
            } catch let error as ClusterError where error.code == .notConnected {
                guard workers[worker.id] != nil, !isStopping, !actorSystem.isCutOff else { throw error }
            }
            try await Task.sleep(for: Self.announcementPause)
        }
    }

    private static let announcementPause = Duration.milliseconds(100)

    func carryOut(_ actions: [WorkerPools.Action]) {
        for action in actions {
            switch action {
            case .start(let job, let actor): start(job, for: actor)
            case .assign(let actor, let worker):
                requests.removeValue(forKey: actor)?.continuation.resume(returning: .success(worker))
            case .refuse(let actor, let cause):
                requests.removeValue(forKey: actor)?.continuation.resume(
                    returning: .failure(
                        startError ?? ClusterError(.workerDied(cause), "a new worker did not start: \(cause)")
                    )
                )
            case .retire(let worker): endProcess(worker, .stopped)
            case .close(let job): close(job)
            }
        }
    }

    /// Starts a worker for a job: from its program, or from the launcher's own for `nil`.
    func start(_ job: ProcessID, for actor: ActorID?, _ program: WorkerProgram?) {
        guard !isStopping else { return carryOut(pools.startFailed(for: job, .killed)) }
        let id = actorSystem.newChildID()
        var launch = options.launch(id, raylet: self.id, system: actorSystem)
        if let spec = jobs[job]?.spec { launch.namespace = spec.namespace }
        do {
            let (process, control) = try options.launcher.start(
                WorkerStart(
                    launch: launch,
                    program: program,
                    environment: actor.flatMap { requests[$0]?.spec.options.environment } ?? [:],
                    job: job,
                    logDirectory: options.logDirectory
                ),
                lane: actorSystem.control,
                onExit: { [callbacks] cause in callbacks.perform { $0.exited(id, cause) } }
            )
            workers[id] = Worker(process: process)
            processes.add(process)
            pools.started(id, for: job)
            greet(id, control)
            callbacks.perform(after: Self.startTimeout) { $0.checkStarted(id) }
        } catch {
            startFailed(job, error)
        }
    }

    /// The job's oldest start comes to nothing: whoever waits for it learns why.
    func startFailed(_ job: ProcessID, _ error: any Error) {
        // The node stops, or was fenced.
        if !(error is CancellationError) {
            logger.error("cannot start a worker", metadata: ["job": "\(job)", "error": "\(error)"])
        }
        let known = error as? ClusterError
        startError = ClusterError(
            known?.code ?? .overloaded,
            known?.message ?? "cannot start a worker: \(error)",
            hint: known?.hint,
            outcome: .notExecuted
        )
        carryOut(pools.startFailed(for: job, .killed))
        startError = nil
    }

    /// Waits for the worker to greet on its control socket, and makes a connection of it.
    private func greet(_ worker: ProcessID, _ control: Int32) {
        let system = actorSystem
        let exchange = GreetingExchange(
            socket: Socket(control),
            lane: system.control,
            role: .listener,
            greeting: system.greeting(to: worker, lane: Greeting.controlLane),
            patience: Self.startTimeout
        ) { [callbacks, logger, options] result in
            switch result {
            case .success(let socket):
                let connection = Connection(
                    socket,
                    system: system,
                    lane: system.control,
                    heartbeat: options.workerHeartbeat
                )
                system.adopt(connection)
                system.whenClosed(connection) { failure in
                    // Whoever lost its raylet ends itself; one that cannot, because it is stopped, is ended
                    // here.
                    callbacks.perform { $0.lost(worker, failure) }
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

    /// Ends a worker that is not needed any more.
    func endProcess(_ worker: ProcessID, _ cause: DeathCause) {
        if workers[worker]?.ending == nil { workers[worker]?.ending = cause }
        workers[worker]?.process.kill()
    }

    private func exited(_ worker: ProcessID, _ exit: DeathCause) {
        guard let entry = workers.removeValue(forKey: worker) else { return }
        let cause = entry.cause(of: exit)
        processes.remove(worker)
        // One that was killed could not take its socket out of the folder.
        actorSystem.options.removeSockets(of: worker)
        options.store.takeBack()
        if lastEnds.count >= 1_000 { lastEnds.removeAll() }
        lastEnds[worker] = cause
        let actors = pools.actors(in: worker)
        // What was being built is answered for where it was asked for.
        let ended = actors.compactMap { leases.lease(of: $0) }.filter { $0.answer != nil && $0.ending == nil }
        if !isStopping, !ended.isEmpty {
            logger.warning(
                "a worker ended",
                metadata: [
                    "worker": "\(entry.process.operatingSystemID)", "cause": "\(cause)",
                    "actors": "\(ended.count)",
                ]
            )
        }
        if !isStopping, ended.isEmpty, cause.isFailedStart {
            // Whoever waits for it hears the cause; what it said itself is for whoever looks after the node.
            logger.warning(
                "a worker ended before it hosted an actor",
                metadata: [
                    "worker": "\(entry.process.operatingSystemID)", "cause": "\(cause)",
                    "output": "\(entry.process.lastLines.joined(separator: " | "))",
                ]
            )
        }
        report(worker, cause, ended.map(\.spec.key))
        for lease in ended { release(lease.spec.key) }
        for waiter in entry.exitWaiters { waiter.resume() }
        carryOut(pools.left(worker, cause))
    }

    /// What the lines that a worker writes come from: its actor, if it has only one.
    func label(of worker: ProcessID) -> String? {
        if let actor = pools.soleActor(in: worker) { return leases.lease(of: actor)?.spec.label }
        let count = pools.actorCount(in: worker)
        return count == 0 ? nil : "\(count) actors"
    }

    /// Returns when a worker has ended; at once, when it has.
    func exit(of worker: ProcessID) async {
        guard workers[worker] != nil else { return }
        await withCheckedContinuation { workers[worker]?.exitWaiters.append($0) }
    }

    /// Tells the GCS of the end of a process. A task of its own, because a descriptor's event is what calls it.
    private func report(_ process: ProcessID, _ cause: DeathCause, _ incarnations: [ActorKey]) {
        _ = Task(executorPreference: actorSystem.control.tasks) {
            await self.reportUntilHeard(process, cause, incarnations)
        }
    }

    private func reportUntilHeard(_ process: ProcessID, _ cause: DeathCause, _ incarnations: [ActorKey]) async
    {
        while !isStopping, !actorSystem.isCutOff {
            do {
                return try await gcs.processLeft(process, cause, incarnations: incarnations)
            } catch {
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }
}

extension Raylet.Worker {
    /// What to tell of its end: one that was ended here has not crashed.
    func cause(of exit: DeathCause) -> DeathCause {
        // It may have been quicker, and ended by a trap of its own.
        guard let ending, case .crashed(signal: SIGKILL, _) = exit else { return exit }
        return ending
    }
}

extension DeathCause {
    /// Whether a process that has hosted nothing ended with it by a fault.
    fileprivate var isFailedStart: Bool {
        switch self {
        case .exited(let code): code != 0
        case .crashed(let signal, _): signal != SIGKILL && signal != SIGTERM
        default: false
        }
    }
}
