public import Distributed
internal import MantaCore
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
    ///   `invalidArgument` for a type that workers cannot look up, `infeasible` for resources that no node
    ///   has, `placementTimedOut` for resources that others hold for too long, `nameTaken`, `workerDied` when
    ///   the new actor's worker ended, `timedOut` at the deadline of
    ///   ``withCallOptions(timeout:isolation:_:)``, 30 seconds where none is set.
    public func spawn<A: Spawnable>(
        _ type: A.Type,
        _ arguments: A.Arguments,
        options: ActorOptions = ActorOptions()
    ) async throws -> A {
        let request = try spawnRequest(type, arguments, options)
        let gcs = try gcs()
        let late = Mutex<ActorID?>(nil)
        let outcome: SpawnOutcome
        do {
            outcome = try await bounded("spawn of \(A.self)") {
                let outcome = try await gcs.spawn(request)
                if case .created(let id, _, _) = outcome { late.withLock { $0 = id } }
                return outcome
            }
        } catch {
            // It was created just as its caller gave up: nobody has a reference to it.
            if let id = late.withLock({ $0 }) { await uncancelled(on: control) { try? await gcs.kill(id) } }
            throw error
        }
        switch outcome {
        case .initFailed(let failure): throw failure.error(in: self)
        case .created(let id, let location, _):
            learn(id, at: location)
            return try A.resolve(id: id, using: self)
        }
    }

    /// Creates an actor that takes no arguments.
    public func spawn<A: Spawnable>(_ type: A.Type, options: ActorOptions = ActorOptions()) async throws -> A
    where A.Arguments == NoArguments {
        try await spawn(type, NoArguments(), options: options)
    }

    /// Ends an actor at once, without asking it: its calls fail with `actorDied(.killed)`, it takes no more,
    /// and the task of a method that is running is cancelled. Killing a dead actor does nothing.
    public func kill<A: DistributedActor>(_ actor: A) async throws where A.ID == ActorID {
        try await kill(id: actor.id)
    }

    /// Ends the actor with this identifier at once.
    public func kill(id: ActorID) async throws {
        let gcs = try gcs()
        try await bounded("kill of \(id)") { try await gcs.kill(id) }
        forget(id)
    }

    /// All spawned actors that the directory knows, dead ones included, oldest first.
    public func actors() async throws -> [ActorInfo] {
        let gcs = try gcs()
        return try await bounded("listing of actors") { try await gcs.actors() }
    }

    /// The nodes of the cluster, and what they have.
    public func nodes() async throws -> [NodeInfo] {
        let gcs = try gcs()
        return try await bounded("listing of nodes") { try await gcs.nodes() }
    }

    private func spawnRequest<A: Spawnable>(
        _ type: A.Type,
        _ arguments: A.Arguments,
        _ options: ActorOptions
    ) throws -> SpawnRequest {
        guard let name = TypeCatalog.name(of: type) else {
            throw ClusterError(
                .invalidArgument,
                "\(type) is private or local to a function, so no worker can look it up",
                hint:
                    "make the actor internal or public, at the top level of a file or nested in a type that is"
            )
        }
        guard options.environment.isEmpty || options.isolation == .process else {
            throw ClusterError(
                .invalidArgument,
                "\(type) asks for an environment of its own with isolation .\(options.isolation)",
                hint: "spawn it with isolation: .process"
            )
        }
        guard options.maxPendingCalls > 0 else {
            throw ClusterError(
                .invalidArgument,
                "maxPendingCalls of \(options.maxPendingCalls)",
                hint: "it is at least 1"
            )
        }
        return SpawnRequest(
            mangledTypeName: name,
            typeName: "\(type)",
            arguments: try CBOR.encode(arguments, userInfo: codingUserInfo),
            options: options
        )
    }

    private func gcs() throws -> GCS {
        if let cluster = attached(as: EmbeddedCluster.self) { return cluster.gcs }
        if let worker = attached(as: WorkerParts.self) { return worker.gcs }
        throw notConnected()
    }

    /// Runs a call to the control plane on its lane, within the deadline of calls: in a driver that hosts the
    /// control plane such a call stays in the process, where nothing else bounds it.
    private func bounded<R: Sendable>(_ what: String, _ body: @escaping @Sendable () async throws -> R)
        async throws -> R
    {
        do {
            return try await withDeadline(CallContext.deadline(from: Lane.now)) {
                try await withTaskExecutorPreference(self.control.tasks) { try await body() }
            }
        } catch is DeadlinePassed {
            throw ClusterError(
                .timedOut,
                "the \(what) did not end by its deadline",
                hint: "withCallOptions(timeout:) gives it more time"
            )
        }
    }
}
