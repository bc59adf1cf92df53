package import Distributed
internal import Logging
package import MantaCore
package import MantaRuntime
internal import MantaScheduling
import MantaTransport

/// The global control store: the directory of nodes, processes and actors, and who decides where actors go.
///
/// It lives on the control lane of its process. What it decides is in one value, `ControlPlane`; the actor
/// itself only talks: to callers of `spawn`, to raylets, and to those who wait for something to change.
package distributed actor GCS: ControlActor {
    package typealias ActorSystem = ClusterSystem

    /// The number of its well-known identity.
    private static let number: UInt64 = 1
    /// A question that waits for news is answered by then, also without any.
    static let longestPoll = Duration.seconds(20)
    /// How long a question for an actor that is pending or restarting waits for a change.
    static let fatePatience = Duration.seconds(1)
    /// How long one who lost a link waits for the word of the raylet on what became of the process.
    static let lossPatience = Duration.seconds(1)

    package internal(set) var plane: ControlPlane
    let startTime = Lane.now
    var raylets: [NodeID: any RayletClient] = [:]
    private var spawns = WaitTable<ActorID, CheckedContinuation<SpawnEnd, Never>>()
    /// Spawns that settled in the very step that accepted them.
    private var settledAtOnce: [ActorID: SpawnEnd] = [:]
    private var waits = WaitTable<WaitKey, CheckedContinuation<Void, Never>>()
    private var lastTicket: UInt64 = 0
    let callbacks: ControlCallbacks<GCS>
    /// When the timer is set for.
    private var alarm = Moment.distantFuture
    private(set) var isStopped = false
    /// Where the directory is kept; `nil` for one that ends with this process.
    let durable: DurableDirectory?
    /// What has been decided and is not durable yet.
    var line = CommitLine<ControlPlane.Action, CheckedContinuation<Void, Never>>()
    /// Writes it, as long as there is any.
    var writer: Task<Void, Never>?
    /// Why nothing can be stored any more.
    var storageError: ClusterError?
    /// The drivers that have joined over links; the one that hosts the GCS is not among them.
    var drivers = DriverTable()
    /// Makes the client of a raylet from its identity.
    let makeClient: @Sendable (ActorID) throws -> any RayletClient
    /// On the links to raylets in other processes.
    let heartbeat: LinkLimits.Heartbeat
    let asksWitnesses: Bool

    /// What a caller can wait for.
    enum WaitKey: Hashable {
        /// Something happens to the actor.
        case change(ActorID)
        case release(ActorKey)
        case end(ProcessID)
        case news
    }

    private init(
        plane: ControlPlane,
        durable: DurableDirectory?,
        callbacks: ControlCallbacks<GCS>,
        makeClient: @escaping @Sendable (ActorID) throws -> any RayletClient,
        liveness: NodeLiveness,
        actorSystem: ClusterSystem
    ) {
        self.actorSystem = actorSystem
        self.callbacks = callbacks
        self.makeClient = makeClient
        heartbeat = liveness.heartbeat
        asksWitnesses = liveness.asksWitnesses
        self.plane = plane
        if asksWitnesses { self.plane.home = actorSystem.options.network?.address.host }
        self.durable = durable
    }

    /// Makes the GCS of the cluster in this process, with an empty directory that ends with it.
    package static func make(
        in system: ClusterSystem,
        liveness: NodeLiveness = NodeLiveness(),
        client: @escaping @Sendable (ActorID) throws -> any RayletClient
    ) -> GCS {
        let plane = ControlPlane(
            cluster: system.options.cluster,
            seed: .random(in: 0 ... .max),
            grace: liveness.grace,
            clockOffset: Self.clockOffset
        )
        return make(plane, nil, in: system, liveness: liveness, client: client)
    }

    /// Makes the GCS of a cluster whose directory is kept in a storage, and has it go on where the last one ended.
    ///
    /// The process has the identifier that is stored as that of the GCS, and its cluster the stored number.
    ///
    /// - Parameters:
    ///   - durable: The directory.
    ///   - system: The process's part in the cluster.
    ///   - liveness: When nodes are taken for dead.
    ///   - client: Makes the client of a raylet from its identity.
    /// - Returns: The GCS.
    /// - Throws: ``ClusterError`` with code `undecodable` when what is stored contradicts itself.
    package static func make(
        _ durable: DurableDirectory,
        in system: ClusterSystem,
        liveness: NodeLiveness = NodeLiveness(),
        client: @escaping @Sendable (ActorID) throws -> any RayletClient
    ) throws(ClusterError) -> GCS {
        let identity = durable.stored.identity
        precondition(
            identity.process == system.process && identity.cluster == system.options.cluster,
            "the directory of \(identity) cannot be served by \(system.process)"
        )
        let plane = try ControlPlane(
            restoring: durable.stored,
            seed: .random(in: 0 ... .max),
            grace: liveness.grace,
            at: clock
        )
        for process in plane.restoredProcesses { system.learn(process.id, at: process.endpoint) }
        return make(plane, durable, in: system, liveness: liveness, client: client)
    }

    private static func make(
        _ plane: ControlPlane,
        _ durable: DurableDirectory?,
        in system: ClusterSystem,
        liveness: NodeLiveness,
        client: @escaping @Sendable (ActorID) throws -> any RayletClient
    ) -> GCS {
        let id = ActorID.system(number, process: system.process)
        let callbacks = ControlCallbacks<GCS>(control: system.control)
        let gcs = ActorCreation(GCS.self, id: id, epoch: 0, label: "GCS").makeNow {
            GCS(
                plane: plane,
                durable: durable,
                callbacks: callbacks,
                makeClient: client,
                liveness: liveness,
                actorSystem: system
            )
        }
        callbacks.start(gcs)
        // Before anything that others ask.
        if let durable {
            callbacks.perform { $0.resume(recovery: durable.recovery) }
            durable.storage.whenLost { error in callbacks.perform { $0.lost(error) } }
        }
        return gcs
    }

    /// The GCS that lives in `process`.
    package static func at(_ process: ProcessID, using system: ClusterSystem) throws -> GCS {
        try GCS.resolve(id: .system(number, process: process), using: system)
    }

    /// Goes on where an earlier life of the directory ended.
    private func resume(recovery: Duration) {
        step { $0.resume(in: actorSystem.process, now: Lane.now, recovery: recovery) }
        drivers = DriverTable(awaited: plane.awaitedDrivers)
        // Those that live register again sooner when they are called, and those that are gone are found out.
        for (node, raylet) in plane.awaitedRaylets {
            raylets[node] = try? makeClient(raylet)
            probe(node)
        }
    }

    /// Fails all that wait: the cluster ends, or its head does. What was decided is stored.
    package distributed func stop() async {
        isStopped = true
        failAll()
        await closeStorage()
    }

    /// Nothing is carried out any more.
    func failAll() {
        var error = endError ?? actorSystem.notConnected()
        // What they wait for was decided, and perhaps begun.
        error.outcome = .mayHaveExecuted
        for waiter in spawns.removeAll() { waiter.resume(returning: .failed(error)) }
        for waiter in waits.removeAll() { waiter.resume() }
        // Those in this process refer to the GCS too.
        raylets = [:]
    }

    /// Why it serves no longer; `nil` while it does.
    var endError: ClusterError? {
        storageError ?? (isStopped ? actorSystem.notConnected() : nil)
    }

    // MARK: Raylets and processes

    package distributed func processJoined(_ record: ProcessRecord) async throws {
        try admit(record, try await stepDurably { $0.processJoined(record) })
    }

    func admit(_ record: ProcessRecord, _ outcome: Directory.OnProcessJoined) throws {
        switch outcome {
        case .accepted: actorSystem.learn(record.id, at: record.endpoint)
        case .dead(let cause):
            throw ClusterError(.workerDied(cause), "\(record.id) was declared dead: \(cause)")
        case .contradictory(let error): throw error
        }
    }

    /// A process has ended with the incarnations in it, those included that it was building.
    package distributed func processLeft(
        _ id: ProcessID,
        _ cause: DeathCause,
        incarnations: [ActorKey]
    ) async throws {
        try await stepDurably { $0.processLeft(id, cause, incarnations: incarnations, now: Lane.now) }
    }

    private func send(_ instruction: Instruction, to node: NodeID) {
        guard let raylet = raylets[node] else { return }
        // A task of its own, without the options of the call that caused it: its answer matters to all who wait.
        _ = Task(executorPreference: actorSystem.control.tasks) {
            await CallContext.$current.withValue(nil) {
                await self.deliver(instruction, to: raylet, on: node)
            }
        }
    }

    private func deliver(_ instruction: Instruction, to raylet: any RayletClient, on node: NodeID) async {
        do {
            switch instruction {
            case .create(let spec):
                let answer = try await raylet.create(spec)
                step { $0.answered(spec.key, answer, now: Lane.now) }
            case .end(let key, let cause):
                try await raylet.end(key, cause)
                step { $0.answeredEnd(key, now: Lane.now) }
            case .stop(let key, let cause, let limit):
                try await withCallOptions(timeout: limit + .seconds(30)) {
                    try await raylet.stop(key, cause, within: limit)
                }
                step { $0.answeredStop(key, now: Lane.now) }
            }
        } catch {
            actorSystem.logger.debug(
                "a raylet did not answer",
                metadata: ["node": "\(node)", "incarnation": "\(instruction.key)", "error": "\(error)"]
            )
            step { $0.unanswered(instruction, from: node, now: Lane.now) }
        }
    }

    // MARK: Acting

    /// Does what was decided: see `GCS+Durability.swift`.
    func perform(_ actions: [ControlPlane.Action]) {
        for action in actions {
            switch action {
            case .send(let instruction, let node): send(instruction, to: node)
            case .settle(let id, let end): settle(id, end)
            case .changed(let id): resumeWaiters(.change(id))
            case .released(let key): resumeWaiters(.release(key))
            case .processEnded(let process):
                actorSystem.unwatch(process)
                drivers.remove(process)
                resumeWaiters(.end(process))
                resumeWaiters(.news)
            case .news: resumeWaiters(.news)
            case .probe(let node): probe(node)
            case .doubts(let doubts): tell(ofDoubt: doubts)
            case .died(let node, let address, let processes, let actorCount):
                actorSystem.logger.warning(
                    "a node was declared dead",
                    metadata: ["node": "\(node)", "address": "\(address)", "actors": "\(actorCount)"]
                )
                // It may be there, and cut off in one direction only: by the end of its link it learns of its own.
                actorSystem.closeLinks(to: processes, "its node was declared dead")
            case .waits(let spec):
                actorSystem.logger.info(
                    "an actor waits for resources",
                    metadata: ["actor": "\(spec.typeName)", "resources": "\(spec.options.resources)"]
                )
            }
        }
    }

    /// Has the control plane decide again when its time has come.
    func setAlarm() {
        guard let next = plane.nextDeadline, next < alarm else { return }
        alarm = next
        callbacks.perform(after: next.since(Lane.now)) { gcs in
            gcs.alarm = .distantFuture
            gcs.step { $0.timePassed(to: Lane.now) }
        }
    }

    private func settle(_ id: ActorID, _ end: SpawnEnd) {
        let waiters = spawns.removeAll(for: id)
        // What has to be durable first is never settled before its caller waits.
        if waiters.isEmpty, durable == nil { settledAtOnce[id] = end }
        for waiter in waiters { waiter.resume(returning: end) }
    }

    // MARK: Waiting

    /// Waits for the end of a spawn. Cancelled, it gives the spawn up if it is its caller's own.
    func settled(_ id: ActorID, isOwn: Bool) async -> SpawnEnd {
        if let end = settledAtOnce.removeValue(forKey: id) { return end }
        if let endError { return .failed(endError) }
        let ticket = nextTicket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                spawns.insert(continuation, ticket: ticket, for: id)
                if Task.isCancelled { giveUp(id, ticket, isOwn: isOwn) }
            }
        } onCancel: {
            callbacks.perform { $0.giveUp(id, ticket, isOwn: isOwn) }
        }
    }

    private func giveUp(_ id: ActorID, _ ticket: UInt64, isOwn: Bool) {
        guard let waiter = spawns.remove(ticket) else { return }
        // A caller that has asked again waits for it still.
        if isOwn, !spawns.contains(id) { step { $0.cancelSpawn(id, now: Lane.now) } }
        waiter.resume(returning: .cancelled)
    }

    /// Waits until something happens, for at most `limit`, or until the caller has gone.
    func wait(for key: WaitKey, atMost limit: Duration? = nil) async {
        guard endError == nil else { return }
        let ticket = nextTicket()
        if let limit { callbacks.perform(after: limit) { $0.stopWaiting(ticket) } }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waits.insert(continuation, ticket: ticket, for: key)
                if Task.isCancelled { stopWaiting(ticket) }
            }
        } onCancel: {
            callbacks.perform { $0.stopWaiting(ticket) }
        }
    }

    /// Waits until an incarnation is gone, also for a caller who has gone: what it began is carried out.
    func waitForRelease(of key: ActorKey) async {
        guard endError == nil else { return }
        let ticket = nextTicket()
        await withCheckedContinuation { waits.insert($0, ticket: ticket, for: .release(key)) }
    }

    private func nextTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    private func stopWaiting(_ ticket: UInt64) { waits.remove(ticket)?.resume() }

    private func resumeWaiters(_ key: WaitKey) { for waiter in waits.removeAll(for: key) { waiter.resume() } }

    /// - Throws: When a wait has come to nothing because the cluster ends, or the caller has gone.
    func checkWaiting() throws {
        if let endError { throw endError }
        try Task.checkCancellation()
    }
}
