public import Distributed
package import Logging
public import MantaCore
internal import MantaObjectStore
package import MantaTransport
internal import CMantaShims
import Synchronization

/// A process's part in a cluster: creates actors anywhere in it, and carries calls to them.
///
/// It is the actor system of every `distributed actor` in a program that imports Manta.
public final class ClusterSystem: DistributedActorSystem, Sendable {
    public typealias ActorID = MantaCore.ActorID
    public typealias InvocationEncoder = CallEncoder
    public typealias InvocationDecoder = CallDecoder
    public typealias ResultHandler = CallResult
    public typealias SerializationRequirement = Codable & Sendable

    /// This incarnation of this process.
    package let process: ProcessID
    package let options: RuntimeOptions
    package let logger: Logger
    /// Serves the control plane; no user code runs on it.
    package let control: Lane
    /// Serve actors and the links that call them.
    package let lanes: [Lane]
    package let hosted = HostedActors()
    package let buildID: [UInt8]
    let peers: Peers
    private let watchdog: Watchdog
    private let laneNotes: [LaneNotes]
    private let controlNotes: LaneNotes
    let routes = Mutex(RouteTable<Route>())
    /// Of actors that this process has spawned or found and not called yet.
    private let learned = Mutex<[ActorID: ActorLocation]>([:])
    private let directory = Mutex<(any DirectoryClient)?>(nil)
    let listener = Mutex<Listener?>(nil)
    let handoverPort = Mutex<HandoverPort?>(nil)
    /// Where the processes of other nodes are, by their hosts.
    let addresses = Mutex<[ProcessID: Endpoint]>([:])
    /// Who is told of the end of a connection.
    let onClosed = Mutex<[ObjectIdentifier: @Sendable (LinkFailure) -> Void]>([:])
    private let userInfo = Mutex<[CodingUserInfoKey: any Sendable]>([:])
    private let cachedDispatch = Atomic<Bool>(false)
    private let lastServedSerial = Atomic<UInt64>(0)
    private let lastCallSequence = Atomic<UInt64>(0)
    private let attachment = Mutex<(any Sendable)?>(nil)
    let objectClient = Mutex<ObjectClient?>(nil)
    let endedProcesses = Mutex(NewestSet<ProcessID>(limit: 10_000))
    /// Whose control links have heartbeats.
    let watches = Mutex<[ProcessID: ControlWatch]>([:])
    private let childCount = Atomic<UInt64>(0)

    /// Starts the lanes of this process; it listens for links from `listen()` on.
    package init(process: ProcessID, options: RuntimeOptions, logger: Logger) {
        self.process = process
        self.options = options
        self.logger = logger
        var bytes = [UInt8](repeating: 0, count: 64)
        bytes.removeLast(64 - manta_build_id(&bytes, 64))
        buildID = bytes
        let watchdog = Watchdog(logger: logger)
        self.watchdog = watchdog
        control = Lane(name: "manta-control", index: Greeting.controlLane)
        lanes = (0..<options.laneCount).map { index in
            Lane(name: "manta-lane-\(index)", index: UInt8(index)) { job, duration in
                watchdog.jobEnded(job, after: duration, onLane: index)
            }
        }
        controlNotes = LaneNotes(control)
        laneNotes = lanes.map { LaneNotes($0) }
        peers = Peers(faults: options.faults)
        userInfo.withLock { $0 = [.actorSystemKey: self] }
        watchdog.start(self)
        DeadlockProbe.make(in: self)
    }

    /// For decoding references to actors. Holds the system, until it is shut down.
    package var codingUserInfo: [CodingUserInfoKey: any Sendable] { userInfo.withLock { $0 } }

    /// Who knows where actors are.
    package func setDirectory(_ client: any DirectoryClient) { directory.withLock { $0 = client } }
    func currentDirectory() -> (any DirectoryClient)? { directory.withLock { $0 } }

    /// What the layer above keeps for this system: the driver's or worker's parts.
    package func attach(_ value: any Sendable) { attachment.withLock { $0 = value } }
    package func attached<T>(as type: T.Type) -> T? { attachment.withLock { $0 as? T } }

    /// Whether calls run through `TargetEntry`.
    var usesCachedDispatch: Bool { cachedDispatch.load(ordering: .relaxed) }
    func useCachedDispatch() { cachedDispatch.store(true, ordering: .relaxed) }

    /// An identifier for a process that this one starts.
    package func newChildID() -> ProcessID {
        process.child(childCount.add(1, ordering: .relaxed).newValue)
    }

    // MARK: Lanes

    /// The lane on which an actor with this identity lives.
    package func lane(for id: ActorID) -> Lane {
        switch id.kind {
        case .system: return control
        case .spawned:
            if id.hasOwnLane, let lane = hosted.ownLane(of: id) { return lane }
            return lanes[Int(id.number % UInt64(lanes.count))]
        case .local: return lanes[Int(id.localLane) % lanes.count]
        }
    }

    func notes(of lane: Lane) -> LaneNotes { lane === control ? controlNotes : laneNotes[Int(lane.index)] }

    /// The process hosts a single actor, which may hold its lane.
    package func hostsOneActor() { watchdog.stop() }

    // MARK: Actors of this process

    public func assignID<Act>(_ actorType: Act.Type) -> ActorID
    where Act: DistributedActor, Act.ID == ActorID {
        if let creation = ActorCreation.current, creation.take(for: actorType) { return creation.id }
        let serial = hosted.nextSerial()
        let lane = Act.self is any Spawnable.Type ? UInt8(serial % UInt64(lanes.count)) : 0
        return .local(serial, lane: lane, process: process)
    }

    public func actorReady<Act>(_ actor: Act) where Act: DistributedActor, Act.ID == ActorID {
        let id = actor.id
        let creation = ActorCreation.current.flatMap { $0.id == id ? $0 : nil }
        let usesLane = Act.self is any Spawnable.Type || Act.self is any ControlActor.Type
        let label = creation?.label ?? "\(Act.self)"
        let limit = creation?.concurrency.limit
        hosted.insert(
            HostedActor(
                actor,
                id: id,
                epoch: creation?.epoch ?? 0,
                label: label,
                namespace: creation?.namespace,
                place: usesLane ? .lane(lane(for: id)) : .pool(PoolQueue()),
                line: limit.map { limit in
                    let title = HostedActor.title(label, id)
                    return CallLine(of: id, label: title, limit: limit, system: self)
                },
                isOwned: creation != nil
            ),
            of: creation
        )
    }

    public func resignID(_ id: ActorID) {
        hosted.removeFreed(id)
        hosted.leaveOwnLane(of: id)?.requestStop()
    }

    public func resolve<Act>(id: ActorID, as actorType: Act.Type) throws -> Act?
    where Act: DistributedActor, Act.ID == ActorID {
        guard let local = hosted.actor(id), let actor = local.actor else {
            guard case .local(process) = id.kind else { return nil }
            throw notHere(id)
        }
        // A call past the link would be a call past the line.
        if local.line != nil || DeadlockProbe.isProbe(id) { return nil }
        if let actor = actor as? Act { return actor }
        // A protocol's stub stands for whatever actor is there: it calls it as if it were elsewhere.
        if TypeCatalog.isStub(Act.self) { return nil }
        throw ClusterError(
            .wrongType,
            "\(id) is a \(type(of: actor)), not a \(Act.self)",
            outcome: .notExecuted
        )
    }

    /// What a caller is told whose actor is not, or no longer, in this process.
    package func notHere(_ id: ActorID) -> ClusterError {
        if case .local(process) = id.kind {
            return ClusterError(
                .actorDied(.released),
                "\(id) is gone: \(DeathCause.released)",
                hint:
                    "keep a reference to the actor in the process that created it for as long as others call it",
                outcome: .notExecuted
            )
        }
        return ClusterError(.noSuchActor, "\(id) is not in \(process)", outcome: .notExecuted)
    }

    // MARK: Routes

    func route(_ id: ActorID) -> Route? { routes.withLock { $0[id] } }

    /// - Returns: The way to take; `nil` when it leads to an incarnation that has been replaced.
    func keep(_ route: Route) -> Route? { routes.withLock { $0.keep(route) } }

    /// Remembers where an actor is that this process has spawned or found, so that its first call need not ask.
    package func learn(_ id: ActorID, at location: ActorLocation) {
        learned.withLock { learned in
            // The directory knows them all: forgetting costs a question.
            if learned.count >= Self.learnedLimit { learned.removeAll() }
            learned[id] = location
        }
    }

    private static let learnedLimit = 100_000

    /// What was learned of an actor, once; `nil` also when the process that it names has ended.
    func takeLearned(_ id: ActorID) -> ActorLocation? {
        learned.withLock { $0.removeValue(forKey: id) }.flatMap { hasEnded($0.process) ? nil : $0 }
    }

    /// What was learned may have been overtaken unnoticed: the directory is asked again.
    package func forgetLearned() { learned.withLock { $0 = [:] } }

    /// Forgets an actor that will not be called again.
    package func forget(_ id: ActorID) {
        routes.withLock { $0.forget(id) }
        _ = takeLearned(id)
    }

    /// Forgets the way to an actor that is being started again.
    package func forgetWay(to id: ActorID) {
        routes.withLock { $0.drop(id) }
        _ = takeLearned(id)
    }

    func drop(_ route: Route) { routes.withLock { $0.drop(route) } }

    /// Calls to actors that have not had their reply, and calls of actors that run here. Those of the control
    /// plane are not counted: some stand open for as long as a process lives.
    package var openCallCount: Int {
        peers.all.filter { $0.lane !== control }.map(\.openCallCount).reduce(0, +)
    }

    /// For a call that is served here and that others have to tell from any other.
    func nextServedSerial() -> UInt64 { lastServedSerial.add(1, ordering: .relaxed).newValue }

    /// For a call of this process that may be sent again.
    func nextCallSequence() -> UInt64 { lastCallSequence.add(1, ordering: .relaxed).newValue }

    // MARK: The end

    /// The method that a task runs, or that ended in the job that `lane` has just run; for the watchdog, on
    /// that lane.
    func methodRun(by task: UInt, onLane lane: Int) -> String? {
        if let last = laneNotes[lane].lastEnded, last.job == lanes[lane].jobNumber {
            return "\(last.method.name.readable) of \(last.actor)"
        }
        return peers.all.lazy.compactMap { $0.methodRun(by: task) }.first
    }

    /// Closes all links for good, and opens no more: calls in both directions end with `notConnected`.
    package func cutOff() {
        stopListening()
        peers.close("\(process) shut down")
    }

    /// Whether `cutOff` or `stop` has been called.
    package var isCutOff: Bool { peers.areClosed }

    /// Closes all links and ends the lanes; calls in both directions end with `notConnected`.
    package func stop() async {
        cutOff()
        watches.withLock { $0 = [:] }
        // References that go from now on tell nobody: the end of the process does.
        objectClient.withLock { $0.take() }?.stop()
        for lane in lanes + hosted.allOwnLanes { await lane.stop() }
        await control.stop()
        routes.withLock { $0.removeAll() }
        directory.withLock { $0 = nil }
        attachment.withLock { $0 = nil }
        userInfo.withLock { $0 = [:] }
        hosted.removeAll()
    }
}
