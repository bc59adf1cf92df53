import MantaCore
import MantaGCS
import Testing

private let cluster: UInt64 = 77
private let node = NodeID(1)
private let otherNode = NodeID(2)
private let worker = ProcessID(0xa)

private func record(of id: ProcessID, on node: NodeID = node, operatingSystemID: Int32 = 100) -> ProcessRecord
{
    let endpoint = Endpoint.unix(path: "/run/\(id)")
    return ProcessRecord(id: id, node: node, endpoint: endpoint, operatingSystemID: operatingSystemID)
}

private func location(in process: ProcessID = worker, lane: UInt8 = 2, epoch: UInt32 = 1) -> ActorLocation {
    ActorLocation(
        process: process,
        endpoint: .unix(path: "/run/\(process)"),
        lane: lane,
        epoch: epoch,
        maxPendingCalls: 10
    )
}

extension Directory {
    /// A directory where `worker` runs on `node`.
    fileprivate static func withWorker() -> Directory {
        var directory = Directory(cluster: cluster)
        #expect(directory.processJoined(record(of: worker)) == .accepted)
        return directory
    }

    fileprivate mutating func register(
        name: String? = nil,
        type: String = "Counter",
        hasOwnLane: Bool = false
    ) throws -> ActorID {
        let spec = ActorSpec(
            id: nextActorID(hasOwnLane: hasOwnLane),
            epoch: 1,
            mangledTypeName: "4main7CounterC",
            typeName: type,
            arguments: [1, 2, 3],
            options: ActorOptions(name: name, resources: [.cpu: 1])
        )
        try register(spec)
        return spec.id
    }

    fileprivate mutating func place(on node: NodeID = node, name: String? = nil) throws -> ActorID {
        let id = try register(name: name)
        #expect(placed(id, on: node) == .accepted)
        return id
    }

    fileprivate mutating func start(in process: ProcessID = worker, name: String? = nil) throws -> ActorID {
        let home = self.process(process)?.node ?? node
        let id = try place(on: home, name: name)
        #expect(alive(id, at: location(in: process), operatingSystemID: 100) == .accepted)
        return id
    }
}

@Suite("The life of an actor")
struct ActorLifeTests {
    @Test("an actor is pending, has a place, is alive, is dead")
    func life() throws {
        var directory = Directory.withWorker()
        let id = try directory.register()
        #expect(directory.fate(of: id) == .pending && directory.actor(id)?.node == nil)
        #expect(directory.placed(id, on: node) == .accepted)
        #expect(directory.fate(of: id) == .pending && directory.actor(id)?.node == node)
        #expect(directory.alive(id, at: location(), operatingSystemID: 100) == .accepted)
        #expect(directory.fate(of: id) == .alive(location()))
        #expect(directory.actor(id)?.operatingSystemID == 100)
        let death = directory.died(id, .stopped)
        let ended = try #require(death)
        #expect(ended.state == .dead(.stopped) && ended.node == node && ended.location == nil)
        #expect(ended.spec.options.resources == [.cpu: 1])
        #expect(directory.fate(of: id) == .dead(.stopped))
    }

    @Test("identifiers count from 1, in the cluster's scope")
    func identifiers() {
        var directory = Directory(cluster: cluster)
        #expect(directory.nextActorID() == .spawned(1, cluster: cluster))
        #expect(directory.nextActorID() == .spawned(2, cluster: cluster))
    }

    @Test("the first cause of a death stays, and only it returns the record")
    func firstCause() throws {
        var directory = Directory.withWorker()
        let id = try directory.start()
        #expect(directory.died(id, .killed) != nil)
        #expect(directory.died(id, .stopped) == nil)
        #expect(directory.processLeft(worker, .exited(code: 0)).isEmpty)
        #expect(directory.nodeLeft(node).isEmpty)
        #expect(directory.fate(of: id) == .dead(.killed))
    }

    @Test("an actor can die before it has a place, and then nothing is given back")
    func diesUnplaced() throws {
        var directory = Directory.withWorker()
        let id = try directory.register()
        #expect(directory.died(id, .killed)?.node == .some(nil))
        #expect(directory.placed(id, on: node) == .tooLate(.dead(.killed)))
        #expect(directory.nodeLeft(node).isEmpty)
    }

    @Test("an actor that was killed while it was built does not come alive")
    func killedMeanwhile() throws {
        var directory = Directory.withWorker()
        let id = try directory.place()
        #expect(directory.died(id, .killed) != nil)
        #expect(directory.alive(id, at: location(), operatingSystemID: 100) == .tooLate(.dead(.killed)))
        #expect(directory.fate(of: id) == .dead(.killed))
        #expect(directory.actorCounts == Directory.ActorCounts(dead: 1))
    }

    @Test("a worker that asks again because the answer was lost hears the same")
    func announcedTwice() throws {
        var directory = Directory.withWorker()
        let id = try directory.start()
        #expect(directory.alive(id, at: location(), operatingSystemID: 100) == .accepted)
        #expect(directory.actorCounts == Directory.ActorCounts(alive: 1))
    }

    @Test("an actor that is alive elsewhere stays there")
    func aliveElsewhere() throws {
        var directory = Directory.withWorker()
        let other = ProcessID(0xb)
        #expect(directory.processJoined(record(of: other)) == .accepted)
        let id = try directory.start()
        let late = directory.alive(id, at: location(in: other), operatingSystemID: 101)
        #expect(late == .tooLate(.alive(location())))
        #expect(directory.processLeft(other, .killed).isEmpty)
    }

    @Test("an actor announced by a worker that has left ends with that worker's cause")
    func workerLeftFirst() throws {
        var directory = Directory.withWorker()
        let id = try directory.place()
        let cause = DeathCause.crashed(signal: 11, lastOutput: ["oops"])
        #expect(directory.processLeft(worker, cause).isEmpty)
        guard case .ended(let record) = directory.alive(id, at: location(), operatingSystemID: 100) else {
            Issue.record("it is \(directory.fate(of: id))")
            return
        }
        #expect(record.id == id && record.node == node && record.deathCause == cause)
        #expect(directory.fate(of: id) == .dead(cause) && directory.died(id, .killed) == nil)
    }

    @Test("an announcement that cannot be right changes nothing")
    func contradictory() throws {
        var directory = Directory.withWorker()
        let elsewhere = ProcessID(0xb)
        #expect(directory.processJoined(record(of: elsewhere, on: otherNode)) == .accepted)
        let unplaced = try directory.register()
        let placed = try directory.place()
        let before = directory.actors()
        for (id, location, message) in [
            (placed, location(in: ProcessID(0xc)), "actor-2 cannot live in process-c, which has not joined"),
            (
                placed, location(in: elsewhere),
                "actor-2 cannot live in process-b on node-2: it is placed on node-1"
            ),
            (placed, location(epoch: 2), "actor-2 cannot start in epoch 2: it is in 1"),
            (unplaced, location(), "actor-1 cannot live in process-a on node-1: it is waiting for a place"),
        ] {
            let answer = directory.alive(id, at: location, operatingSystemID: 100)
            #expect(answer == .contradictory(ClusterError(.invalidArgument, message)))
        }
        #expect(directory.actors() == before)
    }

    @Test("a live actor keeps its arguments, and a dead one does not")
    func arguments() throws {
        var directory = Directory.withWorker()
        let id = try directory.start()
        #expect(directory.actor(id)?.spec.arguments == [1, 2, 3])
        #expect(directory.died(id, .stopped) != nil)
        #expect(directory.actor(id)?.spec.arguments == [])
    }

    @Test("past the limit no actor can be registered until one dies")
    func limit() throws {
        var directory = Directory(cluster: cluster, liveActorLimit: 2)
        let id = try directory.register()
        _ = try directory.register()
        let error = #expect(throws: ClusterError.self) { try directory.register() }
        #expect(error == ClusterError(.overloaded, "the cluster has 2 actors, which is the limit"))
        #expect(directory.died(id, .stopped) != nil)
        #expect(throws: Never.self) { try directory.register() }
    }
}

@Suite("Names of actors")
struct ActorNameTests {
    @Test("a name finds its actor from the start, also while it is pending")
    func find() throws {
        var directory = Directory.withWorker()
        let id = try directory.register(name: "hits")
        #expect(directory.find(name: "hits")?.id == id)
        #expect(directory.find(name: "misses") == nil)
    }

    @Test("a name that is taken is refused with its holder, and the actor is not entered")
    func taken() throws {
        var directory = Directory.withWorker()
        let id = try directory.register(name: "hits")
        let error = #expect(throws: ClusterError.self) { try directory.register(name: "hits", type: "Other") }
        #expect(
            error
                == ClusterError(
                    .nameTaken,
                    "the name \"hits\" is taken by actor-1, a Counter",
                    hint: "look it up by its name instead, or choose another name"
                )
        )
        #expect(
            directory.actors().map(\.id) == [id] && directory.actorCounts == Directory.ActorCounts(pending: 1)
        )
    }

    @Test("a name is free in the step in which its actor dies, and the death repeated does not free it again")
    func freed() throws {
        var directory = Directory.withWorker()
        let first = try directory.start(name: "hits")
        #expect(directory.died(first, .stopped) != nil && directory.find(name: "hits") == nil)
        let second = try directory.register(name: "hits")
        #expect(directory.died(first, .killed) == nil)
        #expect(directory.find(name: "hits")?.id == second)
    }

    @Test("actors without a name do not stand in each other's way")
    func nameless() throws {
        var directory = Directory.withWorker()
        _ = try directory.register()
        _ = try directory.register()
        #expect(directory.actorCounts == Directory.ActorCounts(pending: 2))
    }
}

@Suite("Processes and nodes")
struct ProcessAndNodeTests {
    @Test("when a process leaves, the actors that are alive in it end with its cause, by number")
    func processLeft() throws {
        var directory = Directory.withWorker()
        let other = ProcessID(0xb)
        #expect(directory.processJoined(record(of: other)) == .accepted)
        let ids = try [worker, other, worker, worker].map { try directory.start(in: $0) }
        let cause = DeathCause.exited(code: 3)
        let ended = directory.processLeft(worker, cause)
        #expect(ended.map(\.id) == [ids[0], ids[2], ids[3]])
        #expect(ended.allSatisfy { $0.deathCause == cause })
        #expect(directory.fate(of: ids[1]) == .alive(location(in: other)))
        #expect(directory.processLeft(worker, .killed).isEmpty)
        #expect(directory.process(worker)?.deathCause == cause)
    }

    @Test("when a node leaves, its processes end, and all actors with a place on it")
    func nodeLeft() throws {
        var directory = Directory.withWorker()
        let elsewhere = ProcessID(0xb)
        #expect(directory.processJoined(record(of: elsewhere, on: otherNode)) == .accepted)
        let survivor = try directory.start(in: elsewhere)
        let alive = try directory.start()
        let building = try directory.place()
        let waiting = try directory.register()
        #expect(directory.nodeLeft(node).map(\.id) == [alive, building])
        #expect(directory.fate(of: building) == .dead(.nodeDied(node)))
        #expect(directory.process(worker)?.deathCause == .nodeDied(node))
        #expect(directory.fate(of: survivor) == .alive(location(in: elsewhere)))
        #expect(directory.fate(of: waiting) == .pending)
        #expect(directory.processCounts == Directory.ProcessCounts(alive: 1, dead: 1))
    }

    @Test("actors with a lane of their own are listed, and end, in their turn among the others")
    func ownLane() throws {
        var directory = Directory.withWorker()
        let ids = try [true, false, true, false].map { try directory.register(hasOwnLane: $0) }
        for id in ids { #expect(directory.placed(id, on: node) == .accepted) }
        for id in ids.prefix(3) {
            #expect(directory.alive(id, at: location(), operatingSystemID: 100) == .accepted)
        }
        #expect(ids.map(\.serial) == [1, 2, 3, 4] && ids.map(\.hasOwnLane) == [true, false, true, false])
        #expect(directory.actors().map(\.id) == ids)
        #expect(directory.processLeft(worker, .killed).map(\.id) == Array(ids.prefix(3)))
        #expect(directory.nodeLeft(node).map(\.id) == [ids[3]])
    }

    @Test("when a node leaves, its actors end by number, also those with a lane of their own")
    func ownLaneOnLostNode() throws {
        var directory = Directory.withWorker()
        let ids = try [true, false, true].map { try directory.register(hasOwnLane: $0) }
        for id in ids { #expect(directory.placed(id, on: node) == .accepted) }
        #expect(directory.nodeLeft(node).map(\.id) == ids)
    }

    @Test("a process that joins twice is one process")
    func joinsTwice() {
        var directory = Directory.withWorker()
        #expect(directory.processJoined(record(of: worker)) == .accepted)
        #expect(directory.processCounts.alive == 1)
    }

    @Test("a process that was declared dead does not come back")
    func joinsAfterDeath() {
        var directory = Directory.withWorker()
        _ = directory.nodeLeft(node)
        #expect(directory.processJoined(record(of: worker)) == .dead(.nodeDied(node)))
        #expect(directory.processCounts.alive == 0)
    }

    @Test("two processes cannot have one identifier")
    func duplicateIdentifier() {
        var directory = Directory.withWorker()
        let other = record(of: worker, on: otherNode, operatingSystemID: 200)
        let message = "process-a is process 100 on node-1, and cannot be process 200 on node-2"
        let answer = directory.processJoined(other)
        #expect(answer == .contradictory(ClusterError(.invalidArgument, message)))
        #expect(directory.process(worker)?.node == node)
    }
}

@Suite("The fate of an actor")
struct FateTests {
    @Test("an actor that a process made for itself is where the process is, and ends with it")
    func local() {
        var directory = Directory.withWorker()
        let id = ActorID.local(9, lane: 5, process: worker)
        let expected = ActorLocation(
            process: worker,
            endpoint: .unix(path: "/run/process-a"),
            lane: 5,
            epoch: 0,
            maxPendingCalls: 1_000
        )
        #expect(directory.fate(of: id) == .alive(expected))
        _ = directory.processLeft(worker, .killed)
        #expect(directory.fate(of: id) == .dead(.killed))
    }

    @Test("a part of the control plane is on the control lane of its process, whatever its number")
    func system() {
        var directory = Directory.withWorker()
        let id = ActorID.system(3, process: worker)
        guard case .alive(let found) = directory.fate(of: id) else {
            Issue.record("it is \(directory.fate(of: id))")
            return
        }
        #expect(found.process == worker && found.lane == 255 && found.epoch == 0)
        _ = directory.processLeft(worker, .exited(code: 1))
        #expect(directory.fate(of: id) == .dead(.exited(code: 1)))
    }

    @Test("what the directory never knew is unknown")
    func unknown() throws {
        var directory = Directory.withWorker()
        let id = try directory.register()
        #expect(directory.fate(of: .spawned(id.number, cluster: cluster + 1)) == .unknown)
        #expect(directory.fate(of: .spawned(id.number + 1, cluster: cluster)) == .unknown)
        #expect(directory.fate(of: .local(1, lane: 0, process: ProcessID(0xdead))) == .unknown)
        let stranger = ActorID.spawned(99, cluster: cluster)
        #expect(directory.died(stranger, .killed) == nil)
        #expect(directory.placed(stranger, on: node) == .tooLate(.unknown))
        #expect(directory.alive(stranger, at: location(), operatingSystemID: 1) == .tooLate(.unknown))
    }

    @Test("of the dead actors only the newest are kept")
    func forgetsActors() throws {
        var directory = Directory(cluster: cluster, deadActorLimit: 3)
        let ids = try (0..<8).map { _ in try directory.register() }
        for id in ids.dropLast() { #expect(directory.died(id, .stopped) != nil) }
        #expect(directory.actors().map(\.id) == ids.suffix(4))
        #expect(directory.fate(of: ids[3]) == .unknown && directory.fate(of: ids[4]) == .dead(.stopped))
        #expect(directory.actorCounts == Directory.ActorCounts(pending: 1, dead: 3))
    }

    @Test("of the dead processes only the newest are kept")
    func forgetsProcesses() {
        var directory = Directory(cluster: cluster, deadProcessLimit: 2)
        let ids = (1...5).map { ProcessID($0) }
        for id in ids { #expect(directory.processJoined(record(of: id)) == .accepted) }
        for id in ids.prefix(4) { #expect(directory.processLeft(id, .killed).isEmpty) }
        #expect(ids.map { directory.process($0) != nil } == [false, false, true, true, true])
        #expect(directory.processCounts == Directory.ProcessCounts(alive: 1, dead: 2))
    }

    @Test("actors are listed by number, with where they are and how they ended")
    func listing() throws {
        var directory = Directory.withWorker()
        let alive = try directory.start(name: "hits")
        let dead = try directory.start()
        let pending = try directory.register()
        #expect(directory.died(dead, .killed) != nil)
        let listed = directory.actors()
        #expect(listed.map(\.id) == [alive, dead, pending])
        #expect(listed.map(\.state) == [.alive, .dead, .pending])
        #expect(listed.map(\.name) == ["hits", nil, nil])
        #expect(listed.map(\.node) == [node, node, nil])
        #expect(listed.map(\.processID) == [100, 100, nil])
        #expect(listed.map(\.deathCause) == [nil, .killed, nil])
        #expect(
            listed.map(\.epoch) == [1, 1, 1] && listed.map(\.typeName) == ["Counter", "Counter", "Counter"]
        )
    }
}
