package import Distributed
internal import Logging
package import MantaCore
package import MantaRuntime
internal import MantaScheduling
import MantaTransport
import Synchronization

/// The global control store: the directory of nodes, processes and actors, and who decides where actors go.
///
/// It lives on the control lane of its process. What it decides is in two values, `Directory` and
/// `ClusterScheduler`; the actor itself only talks: to callers of `spawn`, to raylets, and to those who wait
/// for something to change.
package distributed actor GCS: ControlActor {
    package typealias ActorSystem = ClusterSystem

    /// The number of its well-known identity.
    private static let number: UInt64 = 1

    private var directory: Directory
    private var scheduler = ClusterScheduler()
    private var raylets: [NodeID: any RayletClient] = [:]
    private var labels: [NodeID: [String: String]] = [:]
    private var placements: [PlacementTicket: CheckedContinuation<Result<NodeID, ClusterError>, Never>] = [:]
    private var waits = WaitTable<WaitKey, CheckedContinuation<Void, Never>>()
    private var lastTicket: UInt64 = 0
    private let timer: GCSTimer
    /// Makes the client of a raylet from its identity.
    private let makeClient: @Sendable (ActorID) throws -> any RayletClient

    /// What a caller can wait for.
    private enum WaitKey: Hashable {
        /// The actor is placed, or dead.
        case decision(ActorID)
        case end(ProcessID)
    }

    private init(
        timer: GCSTimer,
        makeClient: @escaping @Sendable (ActorID) throws -> any RayletClient,
        actorSystem: ClusterSystem
    ) {
        self.actorSystem = actorSystem
        self.timer = timer
        self.makeClient = makeClient
        directory = Directory(cluster: actorSystem.options.cluster)
    }

    /// Makes the GCS of the cluster in this process.
    package static func make(
        in system: ClusterSystem,
        client: @escaping @Sendable (ActorID) throws -> any RayletClient
    ) -> GCS {
        let id = ActorID.system(number, process: system.process)
        let timer = GCSTimer()
        let gcs = ActorCreation(GCS.self, id: id, epoch: 0, label: "GCS").makeNow {
            GCS(timer: timer, makeClient: client, actorSystem: system)
        }
        timer.start(gcs)
        return gcs
    }

    /// The GCS that lives in `process`.
    package static func at(_ process: ProcessID, using system: ClusterSystem) throws -> GCS {
        try GCS.resolve(id: .system(number, process: process), using: system)
    }

    // MARK: Actors

    /// Creates an actor on a node that has what it asks for.
    ///
    /// - Throws: ``ClusterError``: `nameTaken`, `infeasible`, `placementTimedOut`, or what went wrong on the
    ///   node.
    package distributed func spawn(_ request: SpawnRequest) async throws -> SpawnOutcome {
        let spec = ActorSpec(
            id: directory.nextActorID(hasOwnLane: request.options.isolation == .thread),
            epoch: 1,
            mangledTypeName: request.mangledTypeName,
            typeName: request.typeName,
            arguments: request.arguments,
            options: request.options
        )
        try directory.register(spec)
        do {
            return try await create(spec)
        } catch {
            end(spec.id, .initFailed("\(error)"))
            throw error
        }
    }

    private func create(_ spec: ActorSpec) async throws -> SpawnOutcome {
        let node = try await place(spec)
        if case .tooLate(let fate) = directory.placed(spec.id, on: node) {
            resume(scheduler.release(spec.options.resources, on: node))
            throw ended(spec.id, fate)
        }
        guard let raylet = raylets[node] else {
            throw ClusterError(
                .nodeDied,
                "\(node) died before it could create \(spec.id)",
                outcome: .notExecuted
            )
        }
        let outcome: SpawnOutcome
        do {
            outcome = try await raylet.create(spec)
        } catch is CancellationError {
            // The caller has gone, and with it the only one who would know of this actor.
            await end(spec.id, .killed, by: raylet)
            throw CancellationError()
        }
        switch outcome {
        case .initFailed(let failure): end(spec.id, .initFailed(failure.text))
        case .created(let id, let location, let operatingSystemID):
            switch directory.alive(id, at: location, operatingSystemID: operatingSystemID) {
            case .accepted: resumeWaiters(.decision(id))
            case .tooLate(let fate):
                await endForSure(id, .killed, by: raylet)
                throw ended(id, fate)
            case .ended(let record):
                released(record)
                throw ended(id, directory.fate(of: id))
            case .contradictory(let error):
                await endForSure(id, .killed, by: raylet)
                throw error
            }
        }
        return outcome
    }

    private func ended(_ id: ActorID, _ fate: ActorFate) -> ClusterError {
        guard case .dead(let cause) = fate else { return ClusterError(.noSuchActor, "\(id) is unknown") }
        return ClusterError(
            .actorDied(cause),
            "\(id) ended before it was ready: \(cause)",
            outcome: .notExecuted
        )
    }

    /// Ends an actor at once. One that is dead already stays so.
    package distributed func kill(_ id: ActorID) async throws {
        guard case .spawned = id.kind, let record = directory.actor(id) else {
            throw ClusterError(
                .noSuchActor,
                "the directory has no \(id)",
                hint: "only actors that were spawned can be killed"
            )
        }
        guard record.deathCause == nil else { return }
        let raylet = record.node.flatMap { raylets[$0] }
        // An actor without a place is waiting for one: its spawn finds out when it gets it.
        if scheduler.cancel(PlacementTicket(id.serial)) {
            placements.removeValue(forKey: PlacementTicket(id.serial))?.resume(
                returning: .failure(ended(id, .dead(.killed)))
            )
        }
        await end(id, .killed, by: raylet)
    }

    /// Where an actor is, once that is decided.
    package distributed func fate(of id: ActorID) async -> ActorFate {
        if case .pending = directory.fate(of: id) { await wait(for: .decision(id)) }
        return directory.fate(of: id)
    }

    /// The same for a caller whose link to `process` broke: the raylet may learn of that a moment later.
    package distributed func fate(of id: ActorID, afterLosing process: ProcessID) async -> ActorFate {
        if directory.process(process)?.deathCause == nil {
            await wait(for: .end(process), atMost: .seconds(1))
        }
        return directory.fate(of: id)
    }

    package distributed func actors() -> [ActorInfo] { directory.actors() }

    package distributed func nodes() -> [NodeInfo] {
        scheduler.nodes().map { node in
            var node = node
            node.labels = labels[node.id] ?? [:]
            return node
        }
    }

    // MARK: Raylets

    package distributed func nodeJoined(_ node: NodeRegistration) throws {
        raylets[node.id] = try makeClient(node.raylet)
        labels[node.id] = node.labels
        resume(scheduler.nodeJoined(node.id, total: node.resources, address: node.address))
    }

    package distributed func processJoined(_ record: ProcessRecord) throws {
        if case .contradictory(let error) = directory.processJoined(record) { throw error }
    }

    package distributed func processLeft(_ id: ProcessID, _ cause: DeathCause) {
        for record in directory.processLeft(id, cause) { released(record) }
        resumeWaiters(.end(id))
    }

    // MARK: Ends

    private func end(_ id: ActorID, _ cause: DeathCause) {
        if let record = directory.died(id, cause) { released(record) }
    }

    /// Ends an actor that may still run. It is dead for everyone at once; what it holds is given back when
    /// its raylet has given it back too, so that nobody is sent there too early.
    private func end(_ id: ActorID, _ cause: DeathCause, by raylet: (any RayletClient)?) async {
        guard let record = directory.died(id, cause) else { return }
        resumeWaiters(.decision(id))
        await endForSure(id, cause, by: raylet)
        released(record)
    }

    private func endForSure(_ id: ActorID, _ cause: DeathCause, by raylet: (any RayletClient)?) async {
        guard let raylet else { return }
        await uncancelled(on: actorSystem.control) { try? await raylet.end(id, cause) }
    }

    /// Fails all that wait: the cluster ends.
    package distributed func stop() {
        let waiting = placements.values
        placements = [:]
        for continuation in waiting { continuation.resume(returning: .failure(actorSystem.notConnected())) }
        for waiter in waits.removeAll() { waiter.resume() }
    }

    /// Gives back what an actor held, which goes to those who wait for it.
    private func released(_ record: ActorRecord) {
        if let node = record.node { resume(scheduler.release(record.spec.options.resources, on: node)) }
        resumeWaiters(.decision(record.id))
    }

    // MARK: Waiting

    private func place(_ spec: ActorSpec) async throws -> NodeID {
        let ticket = PlacementTicket(spec.id.serial)
        let timeout = spec.options.placementTimeout
        switch scheduler.place(spec.options.resources, ticket: ticket, deadline: .now + timeout) {
        case .placed(let node): return node
        case .infeasible(let error), .refused(let error): throw error
        case .waiting: break
        }
        actorSystem.logger.info(
            "an actor waits for resources",
            metadata: ["actor": "\(spec.typeName)", "resources": "\(spec.options.resources)"]
        )
        timer.wake(after: timeout)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                placements[ticket] = continuation
                if Task.isCancelled { cancelPlacement(ticket) }
            }
        } onCancel: {
            timer.perform { $0.cancelPlacement(ticket) }
        }
        switch result {
        case .success(let node): return node
        case .failure(let error): throw error.code == .cancelled ? CancellationError() : error
        }
    }

    private func cancelPlacement(_ ticket: PlacementTicket) {
        guard scheduler.cancel(ticket) else { return }
        placements.removeValue(forKey: ticket)?.resume(
            returning: .failure(ClusterError(.cancelled, "the spawn was cancelled", outcome: .notExecuted))
        )
    }

    private func resume(_ placed: [PlacementGrant]) {
        for placement in placed {
            placements.removeValue(forKey: placement.ticket)?.resume(returning: .success(placement.node))
        }
    }

    private func wait(for key: WaitKey, atMost limit: Duration? = nil) async {
        lastTicket += 1
        let ticket = lastTicket
        if let limit { timer.perform(after: limit) { $0.stopWaiting(ticket) } }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waits.insert(continuation, ticket: ticket, for: key)
                if Task.isCancelled { stopWaiting(ticket) }
            }
        } onCancel: {
            timer.perform { $0.stopWaiting(ticket) }
        }
    }

    private func stopWaiting(_ ticket: UInt64) { waits.remove(ticket)?.resume() }

    private func resumeWaiters(_ key: WaitKey) { for waiter in waits.removeAll(for: key) { waiter.resume() } }

    fileprivate func timePassed() {
        for failed in scheduler.timePassed(to: .now) {
            placements.removeValue(forKey: failed.ticket)?.resume(returning: .failure(failed.error))
        }
    }
}

/// Brings the GCS back to its lane from timers and cancellations.
private final class GCSTimer: Sendable {
    private let gcs = Mutex<WeakGCS>(WeakGCS())

    private struct WeakGCS {
        weak var gcs: GCS?
    }

    func start(_ gcs: GCS) { self.gcs.withLock { $0.gcs = gcs } }

    func wake(after duration: Duration) { perform(after: duration) { $0.timePassed() } }

    /// Runs `action` on the GCS's lane, at once or after a time.
    func perform(after duration: Duration? = nil, _ action: @escaping @Sendable (isolated GCS) -> Void) {
        guard let gcs = gcs.withLock({ $0.gcs }) else { return }
        let lane = gcs.actorSystem.control
        lane.execute {
            guard let duration else { return gcs.assumeIsolated { action($0) } }
            lane.wake(LaneTimer { [weak gcs] in gcs?.assumeIsolated { action($0) } }, at: Lane.now + duration)
        }
    }
}
