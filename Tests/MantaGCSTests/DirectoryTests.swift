import MantaCore
@testable import MantaGCS
import Testing

@Suite("The life of an actor")
struct ActorLifeTests {
    @Test("an actor is pending, has a place, is alive, is dead")
    func life() throws {
        var directory = Directory.withWorker()
        let id = try directory.register(ActorOptions(resources: [.cpu: 1]))
        #expect(directory.fate(of: id) == .pending && directory.actor(id)?.node == nil)
        #expect(directory.placed(id, on: node) == .accepted)
        #expect(directory.fate(of: id) == .pending && directory.actor(id)?.node == node)
        #expect(directory.alive(id) == .accepted)
        #expect(directory.fate(of: id) == .alive(location()))
        #expect(directory.actor(id)?.operatingSystemID == 100 && directory.actor(id)?.aliveSince == origin)
        let death = directory.died(id, .stopped)
        let ended = try #require(death)
        #expect(ended.state == .dead(.stopped) && ended.node == node && ended.location == nil)
        #expect(ended.spec.options.resources == [.cpu: 1] && ended.aliveSince == nil)
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
        let id = try directory.start(ActorOptions(restarts: .always))
        #expect(directory.died(id, .killed) != nil)
        #expect(directory.died(id, .stopped) == nil)
        #expect(directory.incarnationEnded(id) == .stale)
        #expect(directory.processLeft(worker, .exited(code: 0)).isEmpty)
        #expect(directory.nodeLeft(node).incarnations.isEmpty)
        #expect(directory.fate(of: id) == .dead(.killed))
    }

    @Test("an actor can die before it has a place")
    func diesUnplaced() throws {
        var directory = Directory.withWorker()
        let id = try directory.register()
        #expect(directory.died(id, .killed)?.node == .some(nil))
        #expect(directory.placed(id, on: node) == .tooLate(.dead(.killed)))
        #expect(directory.nodeLeft(node).incarnations.isEmpty)
    }

    @Test("an actor that was killed while it was built does not come alive")
    func killedMeanwhile() throws {
        var directory = Directory.withWorker()
        let id = try directory.place()
        #expect(directory.died(id, .killed) != nil)
        #expect(directory.alive(id) == .tooLate(.dead(.killed)))
        #expect(directory.fate(of: id) == .dead(.killed))
        #expect(directory.actorCounts == Directory.ActorCounts(dead: 1))
    }

    @Test("an actor that is announced twice, because the answer was lost, is alive once")
    func announcedTwice() throws {
        var directory = Directory.withWorker()
        let id = try directory.start()
        #expect(directory.alive(id) == .accepted)
        #expect(directory.actorCounts == Directory.ActorCounts(alive: 1))
        #expect(directory.actor(id)?.lifecycle.count == 1)
    }

    @Test("an actor that is alive elsewhere stays there")
    func aliveElsewhere() throws {
        var directory = Directory.withWorker()
        let other = ProcessID(0xb)
        #expect(directory.processJoined(record(of: other)) == .accepted)
        let id = try directory.start()
        #expect(directory.alive(id, in: other) == .tooLate(.alive(location())))
        #expect(directory.processLeft(other, .killed).isEmpty)
    }

    @Test("an actor announced from a node where it has no place is too late")
    func announcedElsewhere() throws {
        var directory = Directory.withWorker()
        let unplaced = try directory.register()
        let placed = try directory.place()
        #expect(directory.alive(unplaced) == .tooLate(.pending))
        #expect(directory.alive(placed, in: ProcessID(0xb), on: otherNode) == .tooLate(.pending))
        #expect(directory.process(ProcessID(0xb)) == nil)
        #expect(directory.actorCounts == Directory.ActorCounts(pending: 2))
    }

    @Test("an actor announced by a worker that has left is not alive, and hears why")
    func workerLeftFirst() throws {
        var directory = Directory.withWorker()
        let id = try directory.place()
        let cause = DeathCause.crashed(signal: 11, lastOutput: ["oops"])
        #expect(directory.processLeft(worker, cause).isEmpty)
        #expect(directory.alive(id, on: node) == .processLeft(cause))
        #expect(directory.fate(of: id) == .pending)
    }

    @Test("an actor announced before its worker has joined enters the worker too")
    func announcedFirst() throws {
        var directory = Directory(cluster: cluster)
        let id = try directory.place()
        #expect(directory.alive(id, on: node) == .accepted)
        #expect(directory.process(worker) == record(of: worker, job: driver))
        #expect(directory.processJoined(record(of: worker)) == .accepted)
        #expect(directory.processLeft(worker, .killed) == [ActorKey(id, epoch: 1)])
    }

    @Test("a live actor keeps its arguments, and a dead one does not")
    func arguments() throws {
        var directory = Directory.withWorker()
        let id = try directory.start()
        #expect(directory.actor(id)?.spec.arguments == [1, 2, 3])
        #expect(directory.died(id, .stopped) != nil)
        #expect(directory.actor(id)?.spec.arguments == [])
    }

    @Test("past the limit no actor can be registered until one dies; one that restarts counts")
    func limit() throws {
        var directory = Directory(cluster: cluster, liveActorLimit: 2)
        let id = try directory.register()
        let restarting = try directory.start(ActorOptions(restarts: .always))
        #expect(directory.incarnationEnded(restarting) == .restarting(after: .zero))
        let error = #expect(throws: ClusterError.self) { try directory.register() }
        #expect(error == ClusterError(.overloaded, "the cluster has 2 actors, which is the limit"))
        #expect(directory.died(id, .stopped) != nil)
        #expect(throws: Never.self) { try directory.register() }
    }
}

@Suite("Restarts of an actor")
struct ActorRestartTests {
    @Test("an actor whose incarnation ended has the next epoch, no place, and its name and arguments")
    func restarts() throws {
        var directory = Directory.withWorker()
        let id = try directory.start(ActorOptions(name: "hits", restarts: .always))
        #expect(directory.incarnationEnded(id, .exited(code: 3)) == .restarting(after: .zero))
        #expect(directory.fate(of: id) == .restarting(.exited(code: 3)))
        let record = try #require(directory.actor(id))
        #expect(record.key == ActorKey(id, epoch: 2) && record.isUnplaced && record.location == nil)
        #expect(record.restartCount == 1 && record.spec.arguments == [1, 2, 3])
        #expect(directory.find(QualifiedName("hits", namespace: "default"))?.id == id)
        #expect(directory.actorCounts == Directory.ActorCounts(restarting: 1))
        #expect(directory.nodeLeft(node).incarnations.isEmpty)
    }

    @Test("only the present epoch comes alive, on the node of its new place")
    func presentEpoch() throws {
        var directory = Directory.withWorker()
        let other = ProcessID(0xb)
        #expect(directory.processJoined(record(of: other, on: otherNode)) == .accepted)
        let id = try directory.start(ActorOptions(restarts: .always))
        #expect(directory.incarnationEnded(id, .killed) == .restarting(after: .zero))
        #expect(directory.placed(id, on: otherNode) == .accepted)
        #expect(directory.alive(id, epoch: 1) == .tooLate(.restarting(.killed)))
        #expect(directory.alive(id, in: other, epoch: 3) == .tooLate(.restarting(.killed)))
        #expect(directory.alive(id, in: worker, epoch: 2) == .tooLate(.restarting(.killed)))
        #expect(directory.alive(id, in: other, epoch: 2) == .accepted)
        #expect(directory.fate(of: id) == .alive(location(in: other, epoch: 2)))
        #expect(directory.actorCounts == Directory.ActorCounts(alive: 1))
        #expect(directory.processLeft(worker, .killed).isEmpty)
    }

    @Test("the end of an incarnation that is not the present one is stale")
    func stale() throws {
        var directory = Directory.withWorker()
        let id = try directory.start(ActorOptions(restarts: .always))
        #expect(directory.incarnationEnded(id, epoch: 2) == .stale)
        #expect(directory.incarnationEnded(id, epoch: 1) == .restarting(after: .zero))
        #expect(directory.incarnationEnded(id, epoch: 1) == .stale)
        #expect(directory.incarnationEnded(.spawned(9, cluster: cluster)) == .stale)
        #expect(directory.actor(id)?.restartCount == 1)
    }

    @Test("an actor without restarts left dies of the cause of its last incarnation")
    func noneLeft() throws {
        var directory = Directory.withWorker()
        let id = try directory.start(ActorOptions(name: "hits", restarts: .upTo(1, within: .seconds(60))))
        #expect(directory.incarnationEnded(id, epoch: 1) == .restarting(after: .zero))
        guard case .dead(let record) = directory.incarnationEnded(id, epoch: 2, .initFailed("no")) else {
            Issue.record("it is \(directory.fate(of: id))")
            return
        }
        #expect(record.deathCause == .initFailed("no") && record.spec.epoch == 2)
        #expect(directory.find(QualifiedName("hits", namespace: "default")) == nil)
        #expect(directory.actorCounts == Directory.ActorCounts(dead: 1))
    }

    @Test("an actor that never was alive is not restarted")
    func firstInit() throws {
        var directory = Directory.withWorker()
        let id = try directory.place(ActorOptions(restarts: .always))
        guard case .dead(let record) = directory.incarnationEnded(id, .killed) else {
            Issue.record("it is \(directory.fate(of: id))")
            return
        }
        #expect(record.deathCause == .killed && record.node == node)
    }

    @Test("an actor that stops dies of that when its incarnation ends, of the first such request")
    func stopping() throws {
        var directory = Directory.withWorker()
        let id = try directory.start(ActorOptions(restarts: .always))
        directory.stopping(id, .jobEnded, within: .seconds(1))
        directory.stopping(id, .stopped, within: .seconds(2))
        #expect(directory.fate(of: id) == .alive(location()))
        guard case .dead(let record) = directory.incarnationEnded(id, .exited(code: 9)) else {
            Issue.record("it is \(directory.fate(of: id))")
            return
        }
        #expect(record.deathCause == .jobEnded)
    }

    @Test("the lifecycle of an actor tells each incarnation, and its death")
    func lifecycle() throws {
        var directory = Directory.withWorker()
        let id = try directory.start(ActorOptions(restarts: .always))
        #expect(directory.incarnationEnded(id) == .restarting(after: .zero))
        #expect(directory.placed(id, on: node) == .accepted)
        #expect(directory.alive(id, epoch: 2) == .accepted)
        #expect(directory.died(id, .killed) != nil && directory.died(id, .stopped) == nil)
        #expect(
            directory.actor(id)?.lifecycle.news(after: 0)
                == LifecycleNews(
                    events: [.alive(epoch: 1), .restarting, .alive(epoch: 2), .terminated(.killed)],
                    seenCount: 4
                )
        )
    }
}
