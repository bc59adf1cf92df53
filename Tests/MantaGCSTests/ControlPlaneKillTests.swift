import MantaCore
import MantaGCS
import Testing

private let oneCPU = ActorOptions(resources: [.cpu: 1])
private let restarting = ActorOptions(name: "hits", restarts: .always)

@Suite("Killing")
struct ControlPlaneKillTests {
    @Test("an actor that waits for a place dies at once")
    func waiting() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(oneCPU)
        _ = try run.spawn(oneCPU)
        #expect(
            try run.kill(2) == ["actor-2 settled: actorDied", "actor-2 dead: killed", "caller is told"]
        )
        #expect(run.plane.waitingCount == 0)
    }

    @Test(
        "an actor that is created is dead at once, and gone when its raylet says so",
        arguments: [true, false]
    )
    func creating(restart: Bool) throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        _ = try run.spawn(ActorOptions(resources: [.cpu: 1], restarts: .always))
        #expect(
            try run.kill(1, restart: restart)
                == [
                    "node-1: end actor-1.1, killed", "actor-1 settled: actorDied", "actor-1 dead: killed",
                    "caller waits for actor-1.1",
                ]
        )
        #expect(run.created(1) == [])
        #expect(run.ended(1) == ["actor-1.1 released"])
    }

    @Test("an actor that is alive is dead at once with its name free, and gone when its raylet says so")
    func alive() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        let cursor = run.plane.feed.cursor
        #expect(
            try run.kill(1)
                == [
                    "node-1: end actor-1.1, killed", "actor-1 dead: killed", "news",
                    "caller waits for actor-1.1",
                ]
        )
        #expect(run.find("hits") == nil)
        #expect(
            run.plane.feed.news(after: cursor).events
                == [.nameFreed(QualifiedName("hits", namespace: "default"))]
        )
        #expect(try run.spawn(restarting) == ["node-1: create actor-2.1"])
        #expect(run.ended(1) == ["actor-1.1 released"])
        #expect(run.ended(1) == [])
    }

    @Test("killing a dead actor does nothing, and killing an unknown one is an error")
    func dead() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        _ = try run.kill(1)
        _ = run.ended(1)
        #expect(try run.kill(1) == ["caller is told"])
        #expect(try run.kill(1, restart: true) == ["caller is told"])
        for id in [actor(9), .local(1, lane: 1, process: worker)] {
            let error = #expect(throws: ClusterError.self) {
                try run.plane.kill(id, restart: false, now: run.now)
            }
            #expect(error?.code == .noSuchActor)
        }
    }

    @Test("an end without an answer is sent again, until there is one or its node is dead")
    func resent() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start()
        _ = try run.kill(1)
        #expect(try run.unanswered("node-1: end actor-1.1, killed") == [])
        #expect(run.pass(.milliseconds(250)) == ["node-1: end actor-1.1, killed"])
        #expect(try run.unanswered("node-1: end actor-1.1, killed") == [])
        #expect(run.nodeDies() == ["actor-1.1 released", "news", "process-a ended"])
        #expect(run.pass(.seconds(1)) == [])
    }

    @Test("the end of the worker of an actor that was killed leaves the word to the raylet")
    func workerEnds() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.kill(1)
        #expect(run.processLeaves() == ["process-a ended"])
        #expect(run.ended(1) == ["actor-1.1 released"])
    }
}

@Suite("Killing with a restart")
struct ControlPlaneKillRestartTests {
    @Test("the next incarnation is placed when the last is gone")
    func restarts() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(ActorOptions(name: "hits", resources: [.cpu: 1], restarts: .always))
        #expect(
            try run.kill(1, restart: true)
                == ["actor-1 restarting", "node-1: end actor-1.1, killed", "caller waits for actor-1.1"]
        )
        #expect(run.find("hits") == actor(1) && run.pass(.seconds(60)) == [])
        #expect(run.ended(1) == ["actor-1.1 released", "node-1: create actor-1.2"])
        #expect(run.created(1, epoch: 2) == ["actor-1 alive"])
        #expect(run.fate(of: 1) == .alive(location(epoch: 2)))
    }

    @Test("an actor that may not be restarted dies")
    func neverRestarts() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        #expect(
            try run.kill(1, restart: true)
                == ["node-1: end actor-1.1, killed", "actor-1 dead: killed", "caller waits for actor-1.1"]
        )
        #expect(run.ended(1) == ["actor-1.1 released"])
    }

    @Test("whoever has waited for the room gets it first")
    func behindOthers() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(ActorOptions(resources: [.cpu: 1], restarts: .always))
        _ = try run.spawn(oneCPU)
        _ = try run.kill(1, restart: true)
        #expect(run.ended(1) == ["node-1: create actor-2.1", "actor-1.1 released", "actor-1 waits"])
    }

    @Test("asked again before the incarnation is gone, it waits for the same")
    func twice() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.kill(1, restart: true)
        #expect(try run.kill(1, restart: true) == ["caller waits for actor-1.1"])
        #expect(run.ended(1) == ["actor-1.1 released", "node-1: create actor-1.2"])
    }

    @Test("asked again while the next incarnation is built, there is nothing to wait for")
    func whileBuilt() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.kill(1, restart: true)
        _ = run.ended(1)
        #expect(try run.kill(1, restart: true) == ["caller is told"])
        #expect(run.created(1, epoch: 2) == ["actor-1 alive"])
    }

    @Test("asked again for an answer that was lost, the incarnation after the one that was meant lives on")
    func askedAgain() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.kill(1, restart: true, epoch: 1)
        _ = run.ended(1)
        _ = run.created(1, epoch: 2)
        #expect(try run.kill(1, restart: true, epoch: 1) == ["caller is told"])
        #expect(run.fate(of: 1) == .alive(location(epoch: 2)))
        #expect(try run.kill(1, restart: true, epoch: 2).last == "caller waits for actor-1.2")
    }

    @Test("killed for good before the last incarnation is gone, it waits for that, and no other comes")
    func killedForGood() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.kill(1, restart: true)
        #expect(try run.kill(1) == ["actor-1 dead: killed", "news", "caller waits for actor-1.1"])
        #expect(run.ended(1) == ["actor-1.1 released"])
    }

    @Test("killed for good while the next incarnation is built, that is ended too")
    func killedBuilding() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = run.processLeaves()
        #expect(
            try run.kill(1)
                == [
                    "node-1: end actor-1.2, killed", "actor-1 dead: killed", "news",
                    "caller waits for actor-1.2",
                ]
        )
        #expect(run.created(1, epoch: 2) == [])
        #expect(run.ended(1, epoch: 2) == ["actor-1.2 released"])
    }

    @Test("killed for good while it waits for its restart, it does not come back")
    func killedInDelay() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = run.processLeaves()
        _ = run.cutShort(1, epoch: 2)
        #expect(run.fate(of: 1) == .restarting(.crashed(signal: 11, lastOutput: [])))
        #expect(try run.kill(1) == ["actor-1 dead: killed", "news", "caller is told"])
        #expect(try run.passToDeadline() == [])
        #expect(run.patience == nil && run.plane.leaseCount == 0)
    }

    @Test("a node that dies with the last incarnation has the next one placed elsewhere")
    func nodeDies() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(restarting)
        _ = try run.kill(1, restart: true)
        #expect(
            run.nodeDies()
                == ["actor-1.1 released", "node-2: create actor-1.2", "news", "process-a ended"]
        )
        #expect(run.ended(1) == [])
    }

    @Test("the report of its worker's end does as well as the answer")
    func reported() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.kill(1, restart: true)
        #expect(
            run.processLeaves(building: [key(1)])
                == ["actor-1.1 released", "node-1: create actor-1.2", "process-a ended"]
        )
        #expect(run.ended(1) == [])
    }
}
