package import Distributed
package import MantaCore
package import MantaRuntime
internal import MantaTransport
internal import MantaWire

/// The part of a worker that creates and ends its actors, on the word of its raylet.
package distributed actor WorkerHost: ControlActor {
    package typealias ActorSystem = ClusterSystem

    private static let number: UInt64 = 2

    /// A worker has no more lanes for single actors: each is a thread.
    private static let ownLaneLimit = 256
    /// What `willStop` has at least, also after calls that took all the time.
    private static let willStopTime = Duration.seconds(1)

    /// The actors whose initialisers run, and have not been ended meanwhile.
    private var creating: [ActorID: ActorCreation] = [:]
    /// The actors that are being stopped, and who else waits for that.
    private var stopping: [ActorID: [CheckedContinuation<Void, Never>]] = [:]

    private init(actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    /// Makes the host of this process, which is a worker.
    package static func make(in system: ClusterSystem) -> WorkerHost {
        let id = ActorID.system(number, process: system.process)
        return ActorCreation(WorkerHost.self, id: id, epoch: 0, label: "worker host").makeNow {
            WorkerHost(actorSystem: system)
        }
    }

    /// The host of a worker.
    package static func at(_ worker: ProcessID, using system: ClusterSystem) throws -> WorkerHost {
        try WorkerHost.resolve(id: .system(number, process: worker), using: system)
    }

    /// How the creation of an actor ended.
    package enum Creation: Sendable, Codable {
        /// It lives; links to it go to this lane.
        case created(lane: UInt8)
        case failed(RemoteFailure)
    }

    /// Creates an actor. Its arguments are decoded and its initialiser runs on its own lane: both are the
    /// user's code.
    package distributed func create(_ spec: ActorSpec) async throws -> Creation {
        guard let type = TypeCatalog.type(named: spec.mangledTypeName) as? any Spawnable.Type else {
            throw ClusterError(
                .wrongType,
                "\(actorSystem.process) has no spawnable actor type \(spec.typeName)",
                hint: "run the same build of the program on all nodes"
            )
        }
        return try await create(type, spec)
    }

    private func create<A: Spawnable>(_ type: A.Type, _ spec: ActorSpec) async throws -> Creation {
        let system = actorSystem
        guard !spec.id.hasOwnLane || system.hosted.ownLaneCount < Self.ownLaneLimit else {
            throw ClusterError(
                .overloaded,
                "\(system.process) has \(Self.ownLaneLimit) actors with threads of their own",
                hint: "spawn actors that need not compute with isolation .shared",
                outcome: .notExecuted
            )
        }
        if spec.id.hasOwnLane {
            guard Lane.hasRoomForAnother else {
                throw ClusterError(
                    .overloaded,
                    "\(system.process) has no descriptors left for a thread of \(spec.label)",
                    hint:
                        "raise the limit on open files (ulimit -n), or spawn fewer actors with isolation .thread",
                    outcome: .notExecuted
                )
            }
            system.hosted.useOwnLane(of: spec.id) { Lane(name: "manta-thread", index: 254) }
        }
        if spec.options.isolation == .process { system.hostsOneActor() }
        let creation = ActorCreation(
            type,
            id: spec.id,
            epoch: spec.epoch,
            label: spec.label,
            concurrency: spec.options.concurrency,
            namespace: spec.options.namespace
        )
        creating[spec.id] = creation
        // A task of its own, because it has to run on the actor's lane; it is cancelled with the call.
        let task = Task(executorPreference: system.lane(for: spec.id).tasks) {
            let arguments = try CBOR.decode(
                A.Arguments.self,
                from: spec.arguments,
                userInfo: system.codingUserInfo
            )
            _ = try await creation.make { try await A(arguments, actorSystem: system) }
        }
        do {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch {
            if creating[spec.id] === creation { creating[spec.id] = nil }
            // An actor that was begun gives its lane up when it is freed.
            if !creation.isTaken { system.hosted.leaveOwnLane(of: spec.id)?.requestStop() }
            return .failed(RemoteFailure(error, system: system))
        }
        // Ended meanwhile: it is not hosted, and its next incarnation may be.
        guard creating[spec.id] === creation else {
            return .failed(RemoteFailure(CancellationError(), system: system))
        }
        creating[spec.id] = nil
        // Its caller has given up: nobody would ever end it again.
        if Task.isCancelled { end(spec.id, .killed) }
        return .created(lane: UInt8(spec.id.number % UInt64(system.lanes.count)))
    }

    /// Ends an actor at once: its calls fail, and it takes no more. What it is doing sees that its task is
    /// cancelled.
    package distributed func end(_ id: ActorID, _ cause: DeathCause) {
        creating.removeValue(forKey: id)?.abandon()
        guard let actor = actorSystem.hosted.remove(id) else { return }
        actorSystem.endCalls(on: actor, actor.died(of: cause, .mayHaveExecuted))
    }

    /// Ends an actor in order: no more calls are taken, those that have arrived run to their end, then
    /// `willStop` does, then the actor is ended. After `limit` what still runs is cut off.
    package distributed func stop(_ id: ActorID, _ cause: DeathCause, within limit: Duration) async {
        // It has no calls yet that could end in order.
        guard creating[id] == nil else { return end(id, cause) }
        guard stopping[id] == nil else {
            return await withCheckedContinuation { stopping[id]?.append($0) }
        }
        stopping[id] = []
        let start = Lane.now
        _ = await actorSystem.drain(id, within: limit, cause)
        let rest = limit - Lane.now.since(start)
        await actorSystem.runWillStop(id, within: max(rest, Self.willStopTime))
        end(id, cause)
        for waiter in stopping.removeValue(forKey: id) ?? [] { waiter.resume() }
    }

    /// Ends all spawned actors of this worker in order, at the same time.
    package distributed func stopAll(_ cause: DeathCause, within limit: Duration) async {
        let ids = Set(actorSystem.hosted.all.map(\.id)).union(creating.keys)
        await withDiscardingTaskGroup { group in
            for id in ids where id.kind == .spawned {
                group.addTask { await self.stop(id, cause, within: limit) }
            }
        }
    }
}

extension ActorSpec {
    /// For people: `Counter "hits"`.
    package var label: String { options.name.map { "\(typeName) \"\($0)\"" } ?? typeName }
}
