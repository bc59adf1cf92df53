import MantaCore
import MantaGCS
import Testing

private let restarting = ActorOptions(restarts: .always)
private let next = ProcessID(0xb)

@Suite("Restarts")
struct ControlPlaneRestartTests {
    @Test("the first restart comes at once, in the same step")
    func atOnce() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(ActorOptions(resources: [.cpu: 1], restarts: .always))
        #expect(
            run.processLeaves()
                == [
                    "actor-1.1 released", "actor-1 restarting", "node-1: create actor-1.2", "process-a ended",
                ]
        )
        #expect(run.created(1, epoch: 2, in: next) == ["actor-1 alive"])
        #expect(run.created(1, epoch: 1) == [] && run.processLeaves() == ["process-a ended"])
        #expect(run.fate(of: 1) == .alive(location(in: next, epoch: 2)))
    }

    @Test("one that dies again soon waits, longer each time")
    func delayed() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = run.processLeaves()
        var epoch: UInt32 = 2
        for expected in [100, 200, 400] {
            let process = ProcessID(UInt64(epoch))
            _ = run.created(1, epoch: epoch, in: process)
            #expect(
                run.processLeaves(process)
                    == ["actor-1.\(epoch) released", "actor-1 restarting", "process-\(epoch) ended"]
            )
            let patience = try #require(run.patience)
            #expect(patience >= .milliseconds(expected / 2) && patience <= .milliseconds(expected * 3 / 2))
            epoch += 1
            #expect(run.pass(patience - .nanoseconds(1)) == [])
            #expect(run.pass(.nanoseconds(1)) == ["node-1: create actor-1.\(epoch)"])
        }
    }

    @Test("one that lived for long is restarted at once again")
    func healthy() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = run.processLeaves()
        _ = run.created(1, epoch: 2, in: next)
        #expect(run.pass(.seconds(10)) == [])
        #expect(run.processLeaves(next).contains("node-1: create actor-1.3"))
    }

    @Test(
        "a restart that fails is tried again, whatever came in its way",
        arguments: ["init", "worker", "room"]
    )
    func fails(_ what: String) throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(ActorOptions(resources: [.cpu: 1], restarts: .upTo(2, within: .seconds(60))))
        _ = run.processLeaves()
        func fail(epoch: UInt32) throws -> [String] {
            switch what {
            case "init": try run.initFailed(1, epoch: epoch)
            case "worker": run.cutShort(1, epoch: epoch)
            default: run.refused(1, epoch: epoch)
            }
        }
        #expect(try fail(epoch: 2) == ["actor-1.2 released", "actor-1 restarting"])
        #expect(try run.passToDeadline() == ["node-1: create actor-1.3"])
        let cause = what == "worker" ? "crashed" : "init failed"
        #expect(try fail(epoch: 3) == ["actor-1.3 released", "actor-1 dead: \(cause)"])
        #expect(run.patience == nil && run.plane.leaseCount == 0)
    }

    @Test("when its restarts are used up the actor is dead, and its name free")
    func usedUp() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(ActorOptions(name: "hits", restarts: .upTo(1, within: .seconds(60))))
        _ = run.processLeaves()
        _ = run.created(1, epoch: 2, in: next)
        #expect(run.find("hits") == actor(1))
        #expect(
            run.processLeaves(next)
                == ["actor-1.2 released", "actor-1 dead: exited", "news", "process-b ended"]
        )
        #expect(run.find("hits") == nil)
    }

    @Test("all that ended together have given back their room before the first is placed again")
    func together() throws {
        var run = PlaneScript(nodes: [.cpu: 2])
        try run.start(ActorOptions(resources: [.cpu: 0.5], restarts: .always))
        try run.start(ActorOptions(resources: [.cpu: 1.5], restarts: .always))
        #expect(
            run.processLeaves()
                == [
                    "actor-1.1 released", "actor-2.1 released", "actor-1 restarting",
                    "node-1: create actor-1.2", "actor-2 restarting", "node-1: create actor-2.2",
                    "process-a ended",
                ]
        )
    }

    @Test("a restart waits for resources like a spawn, and its timeout uses up a restart")
    func waits() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(
            ActorOptions(
                resources: [.cpu: 1],
                restarts: .upTo(2, within: .seconds(600)),
                placementTimeout: .seconds(5)
            )
        )
        _ = try run.spawn(ActorOptions(resources: [.cpu: 1], placementTimeout: .seconds(60)))
        #expect(
            run.processLeaves()
                == [
                    "node-1: create actor-2.1", "actor-1.1 released", "actor-1 restarting", "actor-1 waits",
                    "process-a ended",
                ]
        )
        #expect(run.pass(.seconds(5)) == ["actor-1 restarting"])
        #expect(try run.passToDeadline() == ["actor-1 waits"])
        #expect(run.pass(.seconds(5)) == ["actor-1 dead: exited"])
        #expect(run.plane.waitingCount == 0)
    }

    @Test("a restart that waits takes the first room")
    func placedLater() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(ActorOptions(resources: [.cpu: 1], restarts: .always))
        _ = try run.spawn(ActorOptions(resources: [.cpu: 1]))
        _ = run.processLeaves()
        #expect(run.nodeJoins(2) == ["node-2: create actor-1.2", "node-2 accepted"])
        #expect(run.created(1, epoch: 2, in: next) == ["actor-1 alive"])
    }

    @Test("a restart that no node can hold waits until one joins, which counts against no policy")
    func infeasible() throws {
        var run = PlaneScript(nodes: [.cpu: 1], [:])
        try run.start(ActorOptions(resources: [.cpu: 1], restarts: .upTo(1, within: .seconds(60))))
        #expect(
            run.nodeDies()
                == ["actor-1.1 released", "news", "process-a ended", "actor-1 restarting"]
        )
        #expect(run.pass(.seconds(20)) == [])
        let demands = run.plane.demands(at: run.now)
        #expect(demands.map(\.count) == [1] && demands.first?.patience == nil)
        #expect(demands.first?.waited == .seconds(20))
        #expect(run.nodeJoins(3) == ["node-3: create actor-1.2", "node-3 accepted"])
        #expect(run.plane.demands(at: run.now).isEmpty)
    }

    @Test("a restart that no node can hold ends with its actor, or with the only node where it may be")
    func hopeless() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(
            ActorOptions(restarts: .upTo(1, within: .seconds(60)), placement: .node(node, soft: false))
        )
        #expect(run.nodeDies().last == "actor-1 dead: node-1 died")
        var other = PlaneScript(nodes: [.cpu: 1])
        try other.start(ActorOptions(resources: [.cpu: 1], restarts: .always))
        _ = other.nodeDies()
        #expect(try other.kill(1).contains("actor-1 dead: killed"))
        #expect(other.nodeJoins(2) == ["node-2 accepted"] && other.plane.demands(at: other.now).isEmpty)
    }

    @Test("an answer of an incarnation whose worker has left meanwhile leads to the next one")
    func crossing() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = run.processLeaves()
        run.processJoins(next)
        #expect(run.processLeaves(next) == ["process-b ended"])
        #expect(run.created(1, epoch: 2, in: next) == ["actor-1.2 released", "actor-1 restarting"])
        #expect(try run.passToDeadline() == ["node-1: create actor-1.3"])
    }
}
