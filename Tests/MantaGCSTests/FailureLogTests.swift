import MantaCore
@testable import MantaGCS
import Testing

@Suite("What a status tells")
struct FailureLogTests {
    private let restarting = ActorOptions(restarts: .always)

    @Test("a worker that ends by itself is one failure, with all actors that it hosted")
    func workerEnds() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        try run.start(restarting)
        _ = run.processLeaves(building: [key(3)])
        let entry = try #require(run.plane.failures.entries.first)
        #expect(run.plane.failures.entries.count == 1)
        #expect(entry.subject == .worker(operatingSystemID: 100, on: node))
        #expect(entry.cause == .exited(code: 1))
        #expect(entry.actorCount == 3)
        #expect(entry.time == run.now)
        // Told again, because the first answer was lost.
        _ = run.processLeaves()
        #expect(run.plane.failures.entries.count == 1)
    }

    @Test("a node that dies is one failure, not one for each of its workers and actors")
    func nodeEnds() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        try run.start()
        _ = run.nodeDies()
        #expect(run.plane.failures.entries.map(\.subject) == [.node(NodeID(1), address: "embedded")])
        #expect(run.plane.failures.entries.map(\.actorCount) == [2])
    }

    @Test("a node that leaves in order is no failure, and its actors go on elsewhere")
    func nodeLeaves() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(restarting)
        #expect(
            run.nodeLeaves()
                == [
                    "actor-1.1 released", "news", "process-a ended", "actor-1 restarting",
                    "node-2: create actor-1.2",
                ]
        )
        #expect(run.plane.failures.entries.isEmpty)
        #expect(run.nodeJoins(1) == ["node-1 fenced"])
    }

    @Test("an actor whose init throws is a failure; one that is stopped or killed is none")
    func actors() throws {
        var run = PlaneScript(nodes: [:])
        _ = try run.spawn(ActorOptions(name: "hits"))
        _ = try run.initFailed(1)
        #expect(
            run.plane.failures.entries.map(\.subject) == [.actor(actor(1), typeName: "Counter", name: "hits")]
        )
        try run.start(restarting)
        _ = try run.kill(2)
        _ = run.ended(2)
        try run.start()
        _ = try run.stop(3)
        _ = run.stopped(3)
        #expect(run.plane.failures.entries.count == 1)
    }

    @Test("an actor that nothing can hold, or that found no room in time, is no failure: it never started")
    func unplaceable() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        _ = try run.spawn(ActorOptions(resources: [.gpu: 1]))
        try run.start(ActorOptions(resources: [.cpu: 1]))
        _ = try run.spawn(ActorOptions(resources: [.cpu: 1], placementTimeout: .seconds(1)))
        _ = run.pass(.seconds(2))
        for number: UInt64 in [1, 3] {
            let cause = try #require(run.plane.directory.actor(actor(number))?.deathCause)
            #expect(cause.description.hasPrefix("never started: "))
        }
        #expect(run.plane.failures.entries.isEmpty)
    }

    @Test("a worker that its raylet was told to end is no failure, also when that is heard before the answer")
    func ordered() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        _ = try run.stop(1)
        _ = run.processLeaves(worker, .stopped)
        #expect(run.plane.failures.entries.isEmpty)
        #expect(run.plane.directory.actor(actor(1))?.deathCause == .stopped)
    }

    @Test("only the newest failures are kept")
    func bound() throws {
        var log = FailureLog(limit: 3)
        for number in 1...5 {
            log.died(NodeID(UInt64(number)), at: "", actorCount: number, now: origin)
        }
        #expect(log.entries.map(\.actorCount) == [3, 4, 5])
    }

    @Test("what waits is told with how long it has waited, and what the nearest node lacks")
    func demands() throws {
        var run = PlaneScript(nodes: [.cpu: 2])
        try run.start(ActorOptions(resources: [.cpu: 2]))
        let options = ActorOptions(resources: [.cpu: 1], placementTimeout: .seconds(30))
        _ = try run.spawn(options)
        _ = run.pass(.seconds(4))
        _ = try run.spawn(options)
        _ = try run.spawn(ActorOptions(resources: [.cpu: 2], placement: .spread))
        let demands = run.plane.demands(at: run.now)
        #expect(demands.map(\.count) == [2, 1])
        #expect(demands.map(\.waited) == [.seconds(4), .zero])
        #expect(demands.map(\.patience) == [.seconds(26), .seconds(30)])
        #expect(demands.map(\.placement) == [.automatic, .spread])
        #expect(demands[0].reason == "node-1 lacks cpu: 1 of 1 (it now has none)")
    }
}
