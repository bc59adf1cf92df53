public import Distributed
public import MantaCore
internal import MantaGCS
public import MantaRuntime
internal import MantaTransport
internal import MantaWire
import Synchronization

extension ClusterSystem {
    /// Creates an actor on a node that has the resources it asks for, and returns a reference to it once it
    /// is ready.
    ///
    /// - Throws: What the actor's `init` throws, as itself when it is `Codable`. ``ClusterError``:
    ///   `invalidArgument` for a type that workers cannot look up and for options that make no sense, `infeasible` for
    ///   resources that no node has, `placementTimedOut` for resources that others hold for too long, `overloaded` when
    ///   too many actors live or wait, `nameTaken`, `ownerDied` when whoever it would end with has ended, `workerDied`
    ///   when the new actor's worker ended, `nodeDied` when its node did, `timedOut` at the deadline of
    ///   ``withCallOptions(timeout:retries:retryUnknown:reply:isolation:_:)``, 30 seconds where none is set.
    public func spawn<A: Spawnable>(
        _ type: A.Type,
        _ arguments: A.Arguments,
        options: ActorOptions = ActorOptions()
    ) async throws -> A {
        let (request, held) = try spawnRequest(type, arguments, options)
        let client = try client()
        let late = Mutex<ActorID?>(nil)
        let outcome: SpawnOutcome
        do {
            outcome = try await client.bounded("spawn of \(A.self)") { gcs in
                let outcome = try await gcs.spawn(request)
                if case .created(let id, _) = outcome { late.withLock { $0 = id } }
                return outcome
            }
        } catch {
            // It was created just as its caller gave up: nobody has a reference to it.
            if let id = late.withLock({ $0 }) {
                await uncancelled(on: control) { try? await client.gcs.kill(id, restart: false, epoch: nil) }
            } else {
                client.giveUp(request, for: error)
            }
            throw error
        }
        switch outcome {
        case .initFailed(let failure): throw failure.error(in: self)
        case .created(let id, let location):
            learn(id, at: location)
            client.hold(held, for: id)
            return try A.resolve(id: id, using: self)
        }
    }

    /// Creates an actor that takes no arguments.
    public func spawn<A: Spawnable>(_ type: A.Type, options: ActorOptions = ActorOptions()) async throws -> A
    where A.Arguments == NoArguments {
        try await spawn(type, NoArguments(), options: options)
    }

    // MARK: The end of an actor

    /// Has an actor end in order: it takes no more calls, those in progress run to their end, then its
    /// `willStop()` does. Returns when it is dead. Stopping a dead actor does nothing.
    ///
    /// An actor that stops itself in a method returns from this at once, and ends after the method has.
    ///
    /// - Parameters:
    ///   - actor: Any spawned actor.
    ///   - limit: How long calls in progress have; then they are cancelled, and the actor is killed.
    /// - Throws: ``ClusterError``: `noSuchActor`; `timedOut` at the caller's own deadline, when the actor is still
    ///   stopping.
    public func stop<A: DistributedActor>(_ actor: A, within limit: Duration = .seconds(30)) async throws
    where A.ID == ActorID {
        let (id, limit) = (actor.id, max(limit, .zero))
        let client = try client()
        guard CallContext.currentActor?.id != id else {
            // Unstructured, because the method that asks for it has to end first.
            CallContext.$current.withValue(nil) {
                _ = Task(executorPreference: control.tasks) {
                    try? await withCallOptions(timeout: limit + .seconds(30)) {
                        try await client.gcs.stop(id, within: limit)
                    }
                }
            }
            return
        }
        // The stop has its own time, past which the actor is killed; the caller's deadline may be earlier.
        try await withCallOptions(timeout: limit + .seconds(10), isolation: nil) {
            try await client.bounded("stop of \(id)") { try await $0.stop(id, within: limit) }
        }
        client.names.forget(id)
        forget(id)
    }

    /// Ends an actor at once, without asking it: its calls fail with `actorDied(.killed)`, it takes no more,
    /// and the task of a method that is running is cancelled. Killing a dead actor does nothing.
    ///
    /// - Parameters:
    ///   - actor: Any spawned actor.
    ///   - restart: Whether its ``RestartPolicy`` may bring it back, as after a crash.
    /// - Throws: ``ClusterError``: `noSuchActor` for an actor that was not spawned or is forgotten; `timedOut`.
    public func kill<A: DistributedActor>(_ actor: A, restart: Bool = false) async throws
    where A.ID == ActorID {
        try await kill(id: actor.id, restart: restart)
    }

    /// Ends the actor with this identifier at once: see ``kill(_:restart:)``.
    public func kill(id: ActorID, restart: Bool = false) async throws {
        let client = try client()
        // Asked first, so that a request that is made again means the same incarnation.
        let epoch = restart ? try await client.bounded("kill of \(id)") { try await $0.epoch(of: id) } : nil
        try await client.bounded("kill of \(id)") { try await $0.kill(id, restart: restart, epoch: epoch) }
        guard !restart else { return forgetWay(to: id) }
        client.names.forget(id)
        forget(id)
    }

    /// What happens to an actor from now on: each event once, in order.
    ///
    /// It begins with the present state, which also tells that the watch stands, and ends after `terminated`, which is
    /// the only event for a dead actor. It outlasts lost links; it also ends when this process shuts its system down.
    /// A watcher that lags more than 256 events behind misses the oldest of them, never `terminated`. The cause of an actor
    /// that has been dead for so long that the directory has forgotten it is ``DeathCause/released``.
    public func lifecycle<A: DistributedActor>(of actor: A) -> AsyncStream<LifecycleEvent>
    where A.ID == ActorID {
        lifecycle(of: actor.id)
    }

    func lifecycle(of id: ActorID) -> AsyncStream<LifecycleEvent> {
        AsyncStream { continuation in
            guard let client = try? client() else { return continuation.finish() }
            // A stream has no task of its own to ask in; this one ends with it.
            let task = CallContext.$current.withValue(nil) {
                Task(executorPreference: control.tasks) {
                    await Self.follow(id, client, continuation)
                    continuation.finish()
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private static func follow(
        _ id: ActorID,
        _ client: ClusterClient,
        _ continuation: AsyncStream<LifecycleEvent>.Continuation
    ) async {
        var seenCount: Int?
        while !Task.isCancelled, client.system.isConnected {
            do {
                let news = try await client.gcs.lifecycle(of: id, after: seenCount)
                seenCount = news.seenCount
                for event in news.events { continuation.yield(event) }
                if case .terminated = news.events.last { return }
            } catch let error as ClusterError where error.code == .noSuchActor {
                // Forgotten, so dead for long; why is not known any more.
                continuation.yield(.terminated(.released))
                return
            } catch {
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    // MARK: Listings

    /// All spawned actors that the directory knows, dead ones included, oldest first.
    public func actors() async throws -> [ActorInfo] {
        try await client().bounded("listing of actors") { try await $0.actors() }
    }

    /// The jobs of the cluster: its drivers, and those that have ended, oldest first. Of the ended ones whose actors are all
    /// dead the newest are listed.
    public func jobs() async throws -> [JobInfo] {
        try await client().bounded("listing of jobs") { try await $0.jobs() }
    }

    /// The nodes of the cluster, and what they have.
    public func nodes() async throws -> [NodeInfo] {
        try await client().bounded("listing of nodes") { try await $0.nodes() }
    }

    /// What the nodes offer together, and what of it is free.
    public func resources() async throws -> (total: Resources, available: Resources) {
        let sums = try await client().bounded("sum of resources") { try await $0.resources() }
        return (sums.total, sums.available)
    }

    // MARK: Requests

    func spawnRequest<A: Spawnable>(
        _ type: A.Type,
        _ arguments: A.Arguments,
        _ options: ActorOptions
    ) throws -> (SpawnRequest, held: [any AnyObject & Sendable]) {
        guard let name = TypeCatalog.name(of: type) else {
            throw ClusterError(
                .invalidArgument,
                "\(type) is private or local to a function, so no worker can look it up",
                hint:
                    "make the actor internal or public, at the top level of a file or nested in a type that is"
            )
        }
        try options.check(for: "\(type)")
        var options = options
        options.namespace = options.namespace ?? CallContext.namespace(in: self)
        let writer = ByteWriter()
        try CBOR.encode(arguments, into: writer, userInfo: codingUserInfo)
        var request = SpawnRequest(
            mangledTypeName: name,
            typeName: "\(type)",
            arguments: Array(writer.bytes),
            options: options,
            caller: process,
            spawner: CallContext.currentActor
        )
        request.near = objects?.nearestNode(to: writer.attachments)
        return (request, writer.attachments)
    }
}
