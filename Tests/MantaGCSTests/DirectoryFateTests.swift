import MantaCore
import MantaGCS
import Testing

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
        #expect(directory.alive(stranger) == .tooLate(.unknown))
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
        let alive = try directory.start(ActorOptions(name: "hits"))
        let dead = try directory.start()
        let pending = try directory.register()
        #expect(directory.died(dead, .killed) != nil)
        let listed = directory.actors()
        #expect(listed.map(\.id) == [alive, dead, pending])
        #expect(listed.map(\.state) == [.alive, .dead, .pending])
        #expect(listed.map(\.name) == ["hits", nil, nil])
        #expect(listed.map(\.node) == [node, node, nil])
        #expect(listed.map(\.processID) == [100, 100, nil])
        #expect(listed.map(\.restarts) == [0, 0, 0])
        #expect(listed.map(\.deathCause) == [nil, .killed, nil])
        #expect(
            listed.map(\.epoch) == [1, 1, 1] && listed.map(\.typeName) == ["Counter", "Counter", "Counter"]
        )
    }
}
