internal import Distributed
internal import MantaCore
internal import MantaGCS
internal import MantaRuntime

// Building an actor: a worker for it, then its initialiser there.

extension Raylet {
    /// How many workers that end under its hands a new actor is given.
    private static let workerLimit = 3

    func build(_ spec: ActorSpec) async -> CreationAnswer {
        var attempt = 1
        while true {
            var home: ProcessID?
            do {
                let worker = try await worker(for: spec)
                home = worker
                return try await build(spec, in: worker)
            } catch let error as ClusterError {
                // Its worker may have died of another actor, before this one was begun.
                let isInnocent = error.outcome == .notExecuted && home.flatMap { lastEnds[$0] } != nil
                guard isInnocent, attempt < Self.workerLimit else { return answer(for: error) }
                attempt += 1
            } catch {
                return .ended(leases[spec.key]?.ending ?? .killed)
            }
        }
    }

    private func answer(for error: ClusterError) -> CreationAnswer {
        switch error.code {
        case .workerDied(let cause), .actorDied(let cause): .ended(cause)
        default: .refused(error)
        }
    }

    private func build(_ spec: ActorSpec, in workerID: ProcessID) async throws -> CreationAnswer {
        guard let worker = workers[workerID] else {
            throw ClusterError(
                .workerDied(lastEnds[workerID] ?? .killed),
                "the worker for \(spec.label) ended before it was created",
                outcome: .notExecuted
            )
        }
        worker.process.setLabel(label(of: workerID))
        let host = try WorkerHost.at(workerID, using: actorSystem)
        switch try await create(spec, by: host, in: workerID) {
        case .failed(let failure): return .initFailed(failure)
        case .created(let lane):
            // Its end may have been seen first, and then nobody would take the actor from the tables again.
            guard workers[workerID] != nil else {
                throw ClusterError(
                    .workerDied(lastEnds[workerID] ?? .killed),
                    "the worker ended when it had created \(spec.label)",
                    outcome: .executed
                )
            }
            let location = ActorLocation(
                process: workerID,
                endpoint: actorSystem.options.endpoint(of: workerID),
                lane: lane,
                epoch: spec.epoch,
                maxPendingCalls: spec.options.maxPendingCalls
            )
            return .created(location, operatingSystemID: worker.process.operatingSystemID)
        }
    }

    private func create(
        _ spec: ActorSpec,
        by host: WorkerHost,
        in worker: ProcessID
    ) async throws -> WorkerHost.Creation {
        do {
            return try await withCallOptions(timeout: Self.longestInit) { try await host.create(spec) }
        } catch let error as ClusterError where error.code == .notConnected {
            await exit(of: worker)
            guard let cause = lastEnds[worker] else { throw error }
            throw ClusterError(
                .workerDied(cause),
                "the worker ended while it created \(spec.label): \(cause)",
                outcome: error.outcome
            )
        }
    }

    /// The deadline of the spawn ends an initialiser long before; a restart's has none else.
    private static let longestInit = Duration.seconds(24 * 60 * 60)

    private func worker(for spec: ActorSpec) async throws -> ProcessID {
        let need: WorkerPool.Need =
            switch spec.options.isolation {
            case .shared, .thread: .shared
            case .process: spec.options.environment.isEmpty ? .dedicated : .fresh
            }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                requests[spec.id] = Request(spec: spec, continuation: continuation)
                carryOut(pools.request(spec.id, need, of: spec.job))
                if Task.isCancelled { withdraw(spec.id) }
            }
        } onCancel: {
            callbacks.perform { $0.withdraw(spec.id) }
        }
        switch result {
        case .success(let worker): return worker
        case .failure(let error): throw error.code == .cancelled ? CancellationError() : error
        }
    }

    private func withdraw(_ actor: ActorID) {
        guard let request = requests.removeValue(forKey: actor) else { return }
        carryOut(pools.withdraw(actor))
        request.continuation.resume(returning: .failure(ClusterError(.cancelled, "the spawn was cancelled")))
    }
}
