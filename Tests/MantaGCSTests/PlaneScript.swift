import MantaCore
@testable import MantaGCS
import MantaRuntime
import MantaScheduling
import MantaWire
import Testing

/// A control plane with a clock of its own, whose tests read as transcripts: each event returns, as lines of
/// text, what the plane has done about it.
///
/// Actors go by their number; `actor-1.2` is the second incarnation of the first. After each event the script
/// checks that what the scheduler holds is what the leases say, and that what was stored would be the same plane again.
struct PlaneScript {
    var plane: ControlPlane
    var store = StoredPlane()
    private(set) var now = origin
    private var sent: [String: (Instruction, NodeID)] = [:]

    /// A cluster with nodes 1, 2, … of these resources.
    init(nodes: Resources...) {
        plane = StoredPlane.newPlane()
        // All nodes but those that are said to be on other machines are on that of the head.
        plane.home = "head"
        for (index, total) in nodes.enumerated() {
            #expect(nodeJoins(index + 1, total) == ["node-\(index + 1) accepted"])
        }
    }

    mutating func step(_ event: (inout ControlPlane, Moment) throws -> String?) rethrows -> [String] {
        let answer = try event(&plane, now)
        let lines = plane.takeActions().compactMap { text(of: $0) } + (answer.map { [$0] } ?? [])
        checkBooks()
        store.commit(&plane, now: now)
        store.check(plane, now: now)
        return lines
    }

    /// The process of the GCS ends, and after a while another goes on with what was stored.
    ///
    /// - Returns: What the plane does when it begins again.
    mutating func headRestarts(after time: Duration = .seconds(1)) throws -> [String] {
        now = now + time
        plane = try store.restored(now: now)
        plane.home = "head"
        return step { plane, now in
            plane.resume(in: gcsProcess, now: now, recovery: .seconds(10))
            return nil
        }
    }

    private func checkBooks() {
        var held: [NodeID: Resources] = [:]
        for lease in plane.leases.all.values where lease.isReserved {
            for (resource, quantity) in lease.demand.quantities {
                let before = held[lease.node]?[resource]?.units ?? 0
                held[lease.node, default: [:]][resource] = Quantity(units: before + quantity.units)
            }
        }
        for info in plane.scheduler.nodes() {
            #expect(plane.scheduler.ledger(of: info.id)?.held == held[info.id] ?? [:])
        }
        #expect(plane.leases.all.values.allSatisfy { plane.scheduler.contains($0.node) })
        #expect(plane.waitingCount == plane.scheduler.waitingCount)
    }
}

// MARK: - Spawns, stops and kills

extension PlaneScript {
    mutating func spawn(
        _ options: ActorOptions = ActorOptions(),
        by spawner: ActorKey? = nil,
        job: ProcessID = driver
    ) throws -> [String] {
        let request = request(options, spawner)
        return try step { plane, now in
            _ = try plane.spawn(request, job: job, now: now)
            return nil
        }
    }

    mutating func getOrSpawn(_ options: ActorOptions) throws -> [String] {
        let request = request(options, nil)
        return try step { plane, now in
            switch try plane.getOrSpawn(request, job: driver, now: now) {
            case .found(let id): "found \(id)"
            case .spawned(let id): "spawned \(id)"
            }
        }
    }

    /// Spawns actors, and answers that they were created, each in process 10, or `process`.
    mutating func start(
        _ options: ActorOptions = ActorOptions(),
        by spawner: ActorKey? = nil,
        job: ProcessID = driver,
        in process: ProcessID = worker
    ) throws {
        let id = try plane.spawn(request(options, spawner), job: job, now: now)
        _ = step { _, _ in nil }
        #expect(created(id.serial, in: process) == ["\(id) settled: created", "\(id) alive"])
    }

    private func request(_ options: ActorOptions, _ spawner: ActorKey?) -> SpawnRequest {
        SpawnRequest(
            mangledTypeName: "4main7CounterC",
            typeName: "Counter",
            arguments: [1, 2, 3],
            options: options,
            caller: driver,
            spawner: spawner
        )
    }

    mutating func cancelSpawn(_ number: UInt64) -> [String] {
        step { plane, now in
            plane.cancelSpawn(actor(number), now: now)
            return nil
        }
    }

    mutating func kill(_ number: UInt64, restart: Bool = false, epoch: UInt32? = nil) throws -> [String] {
        try step { plane, now in
            let gone = try plane.kill(actor(number), restart: restart, epoch: epoch, now: now)
            return gone.map { "caller waits for \($0.text)" } ?? "caller is told"
        }
    }

    mutating func stop(_ number: UInt64) throws -> [String] {
        try step { plane, now in
            let isDead = try plane.stop(actor(number), .stopped, within: .seconds(30), now: now)
            return isDead ? "caller is told" : "caller waits"
        }
    }

    /// A driver joins, perhaps again, on a machine apart or on that of a node.
    mutating func driverJoins(_ driver: ProcessID, on node: NodeID = .none) {
        #expect(
            step { plane, _ in
                "\(plane.driverJoined(record(of: driver, on: node), job: spec(of: driver)))"
            } == ["accepted"]
        )
    }

    mutating func jobEnds(_ job: ProcessID = driver) -> [String] {
        step { plane, now in
            plane.jobEnded(job, now: now)
            return nil
        }
    }
}

// MARK: - Answers of raylets

extension PlaneScript {
    mutating func created(_ number: UInt64, epoch: UInt32 = 1, in process: ProcessID = worker) -> [String] {
        answer(number, epoch, .created(location(in: process, epoch: epoch), operatingSystemID: 100))
    }

    mutating func initFailed(_ number: UInt64, epoch: UInt32 = 1) throws -> [String] {
        answer(number, epoch, .initFailed(try RemoteFailure(text: "no")))
    }

    /// The worker ended while it built the actor.
    mutating func cutShort(_ number: UInt64, epoch: UInt32 = 1) -> [String] {
        answer(number, epoch, .ended(.crashed(signal: 11, lastOutput: [])))
    }

    mutating func refused(_ number: UInt64, epoch: UInt32 = 1) -> [String] {
        answer(number, epoch, .refused(ClusterError(.overloaded, "the node is full")))
    }

    mutating func answer(_ number: UInt64, _ epoch: UInt32, _ answer: CreationAnswer) -> [String] {
        step { plane, now in
            plane.answered(key(number, epoch: epoch), answer, now: now)
            return nil
        }
    }

    /// `end` was answered.
    mutating func ended(_ number: UInt64, epoch: UInt32 = 1) -> [String] {
        step { plane, now in
            plane.answeredEnd(key(number, epoch: epoch), now: now)
            return nil
        }
    }

    /// `stop` was answered.
    mutating func stopped(_ number: UInt64, epoch: UInt32 = 1) -> [String] {
        step { plane, now in
            plane.answeredStop(key(number, epoch: epoch), now: now)
            return nil
        }
    }

    /// The answer to the instruction that `line` tells of does not come.
    mutating func unanswered(_ line: String) throws -> [String] {
        let (instruction, node) = try #require(sent[line], "nothing like that was sent")
        return step { plane, now in
            plane.unanswered(instruction, from: node, now: now)
            return nil
        }
    }
}

// MARK: - Processes, nodes, time

extension PlaneScript {
    mutating func processJoins(_ process: ProcessID, on node: NodeID = node) {
        #expect(plane.directory.processJoined(record(of: process, on: node)) == .accepted)
    }

    mutating func processLeaves(
        _ process: ProcessID = worker,
        _ cause: DeathCause = .exited(code: 1),
        building: [ActorKey] = []
    ) -> [String] {
        step { plane, now in
            plane.processLeft(process, cause, incarnations: building, now: now)
            return nil
        }
    }

    mutating func nodeJoins(
        _ number: Int,
        _ resources: Resources = [.cpu: 1],
        labels: [String: String] = [:],
        hosted: [ActorKey] = [],
        in process: ProcessID = ProcessID(1),
        on machine: String? = nil
    ) -> [String] {
        let registration = NodeRegistration(
            id: NodeID(UInt64(number)),
            address: "embedded",
            endpoint: machine.map { .node(NodeAddress(host: $0, port: 6379)) } ?? .unix(path: ""),
            resources: resources,
            labels: labels,
            raylet: .system(100, process: process),
            hosted: hosted
        )
        return step { plane, now in "\(registration.id) \(plane.nodeJoined(registration, now: now))" }
    }

    mutating func linkLost(_ node: NodeID = node) -> [String] {
        step { plane, now in
            plane.linkLost(node, now: now)
            return nil
        }
    }

    mutating func spare(_ node: NodeID) -> [String] {
        step { plane, now in
            plane.spare(node, now: now)
            return nil
        }
    }

    mutating func probeFailed(_ node: NodeID = node) -> [String] {
        step { plane, now in
            plane.probeFailed(node, now: now)
            return nil
        }
    }

    mutating func nodeDies(_ node: NodeID = node) -> [String] {
        step { plane, now in
            plane.nodeDied(node, now: now)
            return nil
        }
    }

    mutating func nodeLeaves(_ node: NodeID = node) -> [String] {
        step { plane, now in
            plane.nodeLeft(node, now: now)
            return nil
        }
    }

    mutating func pass(_ duration: Duration) -> [String] {
        now = now + duration
        return step { plane, now in
            plane.timePassed(to: now)
            return nil
        }
    }

    /// Goes on to when the plane next has something to do.
    mutating func passToDeadline() throws -> [String] {
        let deadline = try #require(plane.nextDeadline)
        return pass(deadline.since(now))
    }

    /// How long until the plane next has something to do.
    var patience: Duration? { plane.nextDeadline?.since(now) }

    func fate(of number: UInt64) -> ActorFate { plane.directory.fate(of: actor(number)) }

    func find(_ name: String) -> ActorID? {
        plane.directory.find(QualifiedName(name, namespace: "default"))?.id
    }
}

// MARK: - Texts

extension PlaneScript {
    private mutating func text(of action: ControlPlane.Action) -> String? {
        switch action {
        case .send(let instruction, let node):
            let line = "\(node): \(text(of: instruction))"
            sent[line] = (instruction, node)
            return line
        case .settle(let id, let end): return "\(id) settled: \(text(of: end))"
        case .changed(let id): return "\(id) \(text(of: plane.directory.fate(of: id)))"
        case .released(let key): return "\(key.text) released"
        case .processEnded(let process): return "\(process) ended"
        case .news: return "news"
        case .probe(let node): return "\(node): probe"
        case .waits(let spec): return "\(spec.id) waits"
        // For people: what it means is in the others.
        case .died: return nil
        case .doubts(let doubts): return doubts ? "the head doubts itself" : "the head is heard"
        }
    }

    private func text(of instruction: Instruction) -> String {
        switch instruction {
        case .create(let spec): "create \(spec.key.text)"
        case .end(let key, let cause): "end \(key.text), \(text(of: cause))"
        case .stop(let key, let cause, within: _): "stop \(key.text), \(text(of: cause))"
        }
    }

    private func text(of end: SpawnEnd) -> String {
        switch end {
        case .created: "created"
        case .initFailed(let failure): "init failed: \(failure.text)"
        case .failed(let error): error.code.name
        case .cancelled: "cancelled"
        }
    }

    /// The state at the end of the event; one in between leaves no trace.
    private func text(of fate: ActorFate) -> String {
        switch fate {
        case .pending: "pending"
        case .alive: "alive"
        case .restarting: "restarting"
        case .dead(let cause): "dead: \(text(of: cause))"
        case .unknown: "unknown"
        }
    }

    private func text(of cause: DeathCause) -> String {
        switch cause {
        case .exited: "exited"
        case .crashed: "crashed"
        case .initFailed: "init failed"
        case .nodeDied(let node): "\(node) died"
        case .jobEnded: "owner ended"
        case .killed: "killed"
        case .stopped: "stopped"
        case .fenced: "fenced"
        default: "\(cause)"
        }
    }
}

func actor(_ number: UInt64) -> ActorID { .spawned(number, cluster: cluster) }
func key(_ number: UInt64, epoch: UInt32 = 1) -> ActorKey { ActorKey(actor(number), epoch: epoch) }

extension ActorKey {
    fileprivate var text: String { "\(id).\(epoch)" }
}

extension RemoteFailure {
    /// As it arrives from another process.
    fileprivate init(text: String) throws {
        struct Arrived: Encodable {
            var typeName = "main.InitError"
            var text: String
            var isCancellation = false
        }
        self = try CBOR.decode(RemoteFailure.self, from: CBOR.encode(Arrived(text: text)))
    }
}
