import MantaCore
import MantaGCS
import Testing

private let restarting = ActorOptions(restarts: .always)

@Suite("Nodes that lose their link")
struct ControlPlaneSuspectTests {
    @Test("a node that comes back with all that it had goes on as if nothing had been")
    func comesBack() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        #expect(run.linkLost() == ["node-1: probe"] && run.linkLost() == [])
        #expect(run.nodeJoins(1, hosted: [key(1)]) == ["node-1 accepted"])
        #expect(run.probeFailed() == [] && run.pass(.seconds(60)) == [])
        #expect(run.fate(of: 1) == .alive(location()))
    }

    @Test("what the list of a node leaves out goes on until its end is reported: the list may be old")
    func lostIncarnations() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(ActorOptions(resources: [.cpu: 1], restarts: .always))
        try run.start()
        _ = run.linkLost()
        #expect(run.nodeJoins(1, hosted: []) == ["node-1 accepted"])
        #expect(run.fate(of: 1) == .alive(location()) && run.fate(of: 2) == .alive(location()))
        _ = run.processLeaves()
        #expect(run.fate(of: 1) == .restarting(.exited(code: 1)))
        #expect(run.fate(of: 2) == .dead(.exited(code: 1)))
    }

    @Test("what a node hosts that nobody knows, or knows no more, is ended there until it is gone")
    func strays() throws {
        var run = PlaneScript(nodes: [.cpu: 1], [.cpu: 1])
        try run.start(ActorOptions(resources: [.cpu: 1], restarts: .always))
        _ = run.processLeaves()
        #expect(
            run.nodeJoins(1, [.cpu: 1], hosted: [key(1, epoch: 1), key(1, epoch: 2), key(99)])
                == ["node-1: end actor-1.1, fenced", "node-1: end actor-99.1, fenced", "node-1 accepted"]
        )
        #expect(try run.unanswered("node-1: end actor-99.1, fenced") == [])
        #expect(run.pass(.milliseconds(250)) == ["node-1: end actor-99.1, fenced"])
        #expect(run.ended(1) == ["actor-1.1 released"] && run.ended(99) == ["actor-99.1 released"])
        #expect(run.created(1, epoch: 2, in: ProcessID(0xb)) == ["actor-1 alive"])
        #expect(run.plane.leaseCount == 1)
    }

    @Test("a node that registers twice is told once to end a stray, and its death forgets it")
    func strayTwice() throws {
        var run = PlaneScript(nodes: [:])
        _ = run.nodeJoins(1, hosted: [key(99)])
        #expect(run.nodeJoins(1, hosted: [key(99)]) == ["node-1 accepted"])
        #expect(run.nodeDies() == ["actor-99.1 released"] && run.plane.leaseCount == 0)
    }

    @Test("what was being created and ended goes on where it was")
    func underWay() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.spawn()
        _ = try run.kill(1, restart: true)
        _ = run.linkLost()
        #expect(try run.unanswered("node-1: create actor-2.1") == [])
        #expect(try run.unanswered("node-1: end actor-1.1, killed") == [])
        #expect(run.nodeJoins(1, hosted: []) == ["node-1 accepted"])
        #expect(
            run.pass(.milliseconds(250)) == ["node-1: create actor-2.1", "node-1: end actor-1.1, killed"]
        )
        #expect(run.created(2) == ["actor-2 settled: created", "actor-2 alive"])
        #expect(run.ended(1) == ["actor-1.1 released", "node-1: create actor-1.2"])
    }

    @Test("an actor that stops while its node has no link has stopped when that is answered")
    func stopping() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.stop(1)
        _ = run.linkLost()
        #expect(run.nodeJoins(1, hosted: []) == ["node-1 accepted"])
        #expect(run.stopped(1) == ["actor-1.1 released", "actor-1 dead: stopped"])
    }

    @Test("a suspect node is dead when a probe finds nobody there, and fenced when it comes back")
    func probeFails() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(restarting)
        #expect(run.probeFailed() == [])
        _ = run.linkLost()
        #expect(
            run.probeFailed()
                == [
                    "actor-1.1 released", "news", "process-a ended", "actor-1 restarting",
                    "node-2: create actor-1.2",
                ]
        )
        #expect(run.nodeJoins(1, hosted: [key(1)]) == ["node-1 fenced"])
        #expect(run.probeFailed() == [] && run.linkLost() == [] && run.nodeDies() == [])
        #expect(run.created(1, epoch: 2, in: ProcessID(0xb)) == ["actor-1 alive"])
    }

    @Test("a suspect node is dead when its time of grace is over")
    func graceOver() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(restarting)
        _ = run.linkLost()
        #expect(run.patience == .seconds(3) && run.pass(.milliseconds(2_999)) == [])
        #expect(
            run.pass(.milliseconds(1))
                == [
                    "actor-1.1 released", "news", "process-a ended", "actor-1 restarting",
                    "node-2: create actor-1.2",
                ]
        )
        #expect(run.patience == nil)
    }
}

@Suite("Nodes that die")
struct ControlPlaneNodeDeathTests {
    @Test("the feed tells everybody which processes are lost with a node")
    func feed() throws {
        var run = PlaneScript(nodes: [:], [:])
        run.processJoins(ProcessID(0xb))
        run.processJoins(ProcessID(0xc), on: otherNode)
        try run.start()
        let cursor = run.plane.feed.cursor
        #expect(
            run.nodeDies()
                == [
                    "actor-1.1 released", "news", "process-a ended", "process-b ended",
                    "actor-1 dead: node-1 died",
                ]
        )
        #expect(
            run.plane.feed.news(after: cursor).events == [.processesLost([worker, ProcessID(0xb)])]
        )
    }

    @Test("a spawn whose node dies while it creates the actor fails, whatever the policy")
    func creating() throws {
        var run = PlaneScript(nodes: [:], [:])
        _ = try run.spawn(restarting)
        #expect(
            run.nodeDies()
                == ["actor-1.1 released", "actor-1 settled: nodeDied", "actor-1 dead: node-1 died"]
        )
        #expect(run.created(1) == [])
        #expect(try run.unanswered("node-1: create actor-1.1") == [] && run.patience == nil)
    }

    @Test("a restart whose node dies goes elsewhere, after a while")
    func inRestart() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(restarting)
        _ = run.processLeaves()
        #expect(run.nodeDies() == ["actor-1.2 released", "actor-1 restarting"])
        #expect(try run.passToDeadline() == ["node-2: create actor-1.3"])
        #expect(run.created(1, epoch: 2) == [])
    }

    @Test("those that wait for a node that has died fail, and those that another could hold wait on")
    func waiting() throws {
        var run = PlaneScript(nodes: [.cpu: 2], [.cpu: 1])
        try run.start(ActorOptions(resources: [.cpu: 2]))
        try run.start(ActorOptions(resources: [.cpu: 1]), in: ProcessID(0xb))
        #expect(try run.spawn(ActorOptions(resources: [.cpu: 2])) == ["actor-3 waits"])
        #expect(try run.spawn(ActorOptions(resources: [.cpu: 1])) == ["actor-4 waits"])
        #expect(
            run.nodeDies()
                == [
                    "actor-1.1 released", "news", "process-a ended", "actor-3 settled: infeasible",
                    "actor-3 dead: init failed", "actor-1 dead: node-1 died",
                ]
        )
        #expect(run.plane.waitingCount == 1)
    }

    @Test("whoever waits for the end of an actor there waits no longer")
    func ending() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        _ = try run.kill(1)
        #expect(run.nodeDies() == ["actor-1.1 released", "news", "process-a ended"])
        #expect(run.ended(1) == [] && run.plane.leaseCount == 0)
    }

    @Test("reports that come from a dead node after all change nothing")
    func late() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(restarting)
        _ = run.nodeDies()
        #expect(run.processLeaves(building: [key(1)]) == ["process-a ended"])
        #expect(run.stopped(1) == [] && run.ended(1) == [] && run.created(1) == [])
        let process = record(of: ProcessID(0xc), on: node)
        #expect(run.plane.processJoined(process) == .dead(.nodeDied(node)))
        #expect(run.created(1, epoch: 2, in: ProcessID(0xb)) == ["actor-1 alive"])
    }
}
