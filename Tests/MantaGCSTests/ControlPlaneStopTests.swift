import MantaCore
import MantaGCS
import Testing

private let oneCPU = ActorOptions(resources: [.cpu: 1])
private let restarting = ActorOptions(restarts: .always)

@Suite("Stopping")
struct ControlPlaneStopTests {
    @Test("an actor that is alive stays so until its raylet has stopped it")
    func alive() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(ActorOptions(name: "hits", resources: [.cpu: 1], restarts: .always))
        #expect(try run.stop(1) == ["node-1: stop actor-1.1, stopped", "caller waits"])
        #expect(run.fate(of: 1) == .alive(location()) && run.find("hits") == actor(1))
        #expect(run.stopped(1) == ["actor-1.1 released", "actor-1 dead: stopped", "news"])
        #expect(run.stopped(1) == [] && run.plane.leaseCount == 0)
    }

    @Test("stopped twice, both wait for the same end")
    func twice() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        _ = try run.stop(1)
        #expect(try run.stop(1) == ["caller waits"])
        #expect(run.stopped(1) == ["actor-1.1 released", "actor-1 dead: stopped"])
        #expect(try run.stop(1) == ["caller is told"])
    }

    @Test("an actor that waits for a place dies at once")
    func waiting() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(oneCPU)
        _ = try run.spawn(oneCPU)
        #expect(
            try run.stop(2) == ["actor-2 settled: actorDied", "actor-2 dead: stopped", "caller is told"]
        )
    }

    @Test("an actor that is created has nothing that could be stopped, and is ended")
    func creating() throws {
        var run = PlaneScript(nodes: [:])
        _ = try run.spawn()
        #expect(
            try run.stop(1)
                == [
                    "node-1: end actor-1.1, stopped", "actor-1 settled: actorDied", "actor-1 dead: stopped",
                    "caller is told",
                ]
        )
        #expect(run.created(1) == [] && run.ended(1) == ["actor-1.1 released"])
    }

    @Test("an actor that restarts does not come back")
    func inRestart() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = run.processLeaves()
        #expect(
            try run.stop(1) == ["node-1: end actor-1.2, stopped", "actor-1 dead: stopped", "caller is told"]
        )
        #expect(run.ended(1, epoch: 2) == ["actor-1.2 released"])

        try run.start(restarting, in: ProcessID(0xb))
        _ = run.processLeaves(ProcessID(0xb))
        _ = run.cutShort(2, epoch: 2)
        #expect(try run.stop(2) == ["actor-2 dead: stopped", "caller is told"])
        #expect(try run.passToDeadline() == [] && run.plane.leaseCount == 0)
    }

    @Test("stopping a dead actor is done, and stopping an unknown one is an error")
    func unknown() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        _ = try run.kill(1)
        #expect(try run.stop(1) == ["caller is told"])
        let error = #expect(throws: ClusterError.self) { try run.stop(9) }
        #expect(error?.code == .noSuchActor)
    }

    @Test("a kill ends a stop at once, with a restart or not", arguments: [true, false])
    func killed(restart: Bool) throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.stop(1)
        #expect(
            try run.kill(1, restart: restart)
                == ["node-1: end actor-1.1, killed", "actor-1 dead: killed", "caller waits for actor-1.1"]
        )
        // Whichever answer comes first says that it is gone.
        #expect(run.stopped(1) == ["actor-1.1 released"])
        #expect(run.ended(1) == [])
        #expect(run.fate(of: 1) == .dead(.killed))
    }

    @Test("an actor whose worker ends while it stops has stopped, and is not restarted")
    func workerEnds() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.stop(1)
        #expect(
            run.processLeaves() == ["actor-1.1 released", "actor-1 dead: stopped", "process-a ended"]
        )
        #expect(run.stopped(1) == [])
    }

    @Test("an actor whose node dies while it stops has stopped, and is not restarted")
    func nodeDies() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(restarting)
        _ = try run.stop(1)
        #expect(
            run.nodeDies()
                == ["actor-1.1 released", "news", "process-a ended", "actor-1 dead: stopped"]
        )
    }

    @Test("a stop without an answer is sent again while it matters")
    func resent() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        _ = try run.stop(1)
        let line = "node-1: stop actor-1.1, stopped"
        #expect(try run.unanswered(line) == [])
        #expect(run.pass(.milliseconds(250)) == [line])
        #expect(try run.unanswered(line) == [])
        _ = try run.kill(1)
        #expect(run.pass(.milliseconds(250)) == [])
        #expect(try run.unanswered(line) == [] && run.patience == nil)
    }
}
