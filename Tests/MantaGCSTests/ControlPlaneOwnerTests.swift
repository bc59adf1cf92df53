import MantaCore
import MantaGCS
import Testing

private let otherDriver = ProcessID(0xe)
private let owned = ActorOptions(lifetime: .spawner)

@Suite("Owners")
struct ControlPlaneOwnerTests {
    @Test("the end of a job stops the actors of the job, in order, and no others")
    func jobEnds() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(ActorOptions(resources: [.cpu: 1]))
        try run.start(job: otherDriver)
        try run.start(ActorOptions(lifetime: .detached))
        _ = try run.spawn()
        _ = try run.spawn(ActorOptions(resources: [.cpu: 1]))
        #expect(
            run.jobEnds()
                == [
                    "node-1: stop actor-1.1, owner ended", "node-1: end actor-4.1, owner ended",
                    "actor-4 settled: actorDied", "actor-4 dead: owner ended", "actor-5 settled: actorDied",
                    "actor-5 dead: owner ended",
                ]
        )
        #expect(run.stopped(1) == ["actor-1.1 released", "actor-1 dead: owner ended"])
        #expect(run.jobEnds() == [])
        #expect(run.fate(of: 2) == .alive(location()) && run.fate(of: 3) == .alive(location()))
    }

    @Test("an actor belongs to the job of its spawner, whichever process asks")
    func inherited() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(job: otherDriver)
        try run.start(by: key(1), job: driver)
        #expect(run.jobEnds(driver) == [])
        #expect(
            run.jobEnds(otherDriver)
                == ["node-1: stop actor-1.1, owner ended", "node-1: stop actor-2.1, owner ended"]
        )
    }

    @Test("what a detached actor spawns belongs to no job")
    func detached() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(ActorOptions(lifetime: .detached))
        try run.start(by: key(1))
        try run.start(by: key(2))
        #expect(run.jobEnds() == [])
        _ = try run.kill(1)
        #expect(run.fate(of: 2) == .alive(location()) && run.fate(of: 3) == .alive(location()))
    }

    @Test("spawned by a driver, the lifetime of the spawner is that of the job")
    func driverAsSpawner() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(owned)
        #expect(run.jobEnds() == ["node-1: stop actor-1.1, owner ended"])
    }

    @Test("spawned by an actor that a process made for itself, it ends with the job")
    func localSpawner() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(owned, by: ActorKey(.local(1, lane: 1, process: driver), epoch: 0))
        #expect(run.jobEnds() == ["node-1: stop actor-1.1, owner ended"])
    }

    @Test("the death of a spawner stops what was to live no longer, and their own after them")
    func cascade() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        try run.start(owned, by: key(1))
        try run.start(owned, by: key(2))
        try run.start(by: key(1))
        #expect(
            try run.kill(1)
                == [
                    "node-1: end actor-1.1, killed", "actor-1 dead: killed",
                    "node-1: stop actor-2.1, owner ended", "caller waits for actor-1.1",
                ]
        )
        #expect(
            run.stopped(2)
                == [
                    "actor-2.1 released", "actor-2 dead: owner ended", "node-1: stop actor-3.1, owner ended",
                ]
        )
        #expect(run.stopped(3) == ["actor-3.1 released", "actor-3 dead: owner ended"])
        #expect(run.fate(of: 4) == .alive(location()))
    }

    @Test("the restart of a spawner ends what its last incarnation spawned, and not what the next one spawns")
    func spawnerRestarts() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(ActorOptions(restarts: .always))
        try run.start(owned, by: key(1), in: ProcessID(0xb))
        #expect(
            run.processLeaves()
                == [
                    "actor-1.1 released", "actor-1 restarting", "node-1: stop actor-2.1, owner ended",
                    "node-1: create actor-1.2", "process-a ended",
                ]
        )
        // Its initialiser may spawn, too.
        try run.start(owned, by: key(1, epoch: 2), in: ProcessID(0xb))
        #expect(run.created(1, epoch: 2, in: ProcessID(0xc)) == ["actor-1 alive"])
        #expect(run.stopped(2) == ["actor-2.1 released", "actor-2 dead: owner ended"])
        #expect(run.fate(of: 3) == .alive(location(in: ProcessID(0xb))))
    }

    @Test("a spawner and what it has spawned may end together")
    func together() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        try run.start(ActorOptions(lifetime: .spawner, restarts: .always), by: key(1))
        #expect(
            run.processLeaves()
                == [
                    "actor-1.1 released", "actor-2.1 released", "actor-1 dead: exited",
                    "node-1: stop actor-2.1, owner ended", "actor-2 dead: owner ended", "process-a ended",
                ]
        )
        #expect(run.stopped(2) == [] && run.plane.leaseCount == 0)
    }

    @Test("an initialiser that throws ends what it has spawned")
    func initThrows() throws {
        var run = PlaneScript(nodes: [:])
        _ = try run.spawn()
        try run.start(owned, by: key(1))
        #expect(
            try run.initFailed(1)
                == [
                    "actor-1.1 released", "actor-1 settled: init failed: no", "actor-1 dead: init failed",
                    "node-1: stop actor-2.1, owner ended",
                ]
        )
    }

    @Test("what an incarnation asks for that has ended meanwhile is refused, if it were to end with it")
    func lateSpawn() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(ActorOptions(restarts: .always))
        _ = run.processLeaves()
        let restarted = #expect(throws: ClusterError.self) { try run.spawn(owned, by: key(1)) }
        #expect(
            restarted
                == ClusterError(
                    .ownerDied,
                    "Counter would end with actor-1, epoch 1, which has ended already"
                )
        )
        _ = try run.kill(1)
        for epoch in [1, 2] as [UInt32] {
            let error = #expect(throws: ClusterError.self) { try run.spawn(owned, by: key(1, epoch: epoch)) }
            #expect(error?.code == .ownerDied)
        }
        #expect(try run.spawn(by: key(1)) == ["node-1: create actor-5.1"])
    }

    @Test("what an actor asks for whose job has ended meanwhile is refused, if it were to end with the job")
    func lateJob() throws {
        var run = PlaneScript(nodes: [:])
        run.processJoins(driver)
        try run.start()
        #expect(run.processLeaves(driver) == ["process-d ended"])
        #expect(run.jobEnds() == ["node-1: stop actor-1.1, owner ended"])
        let error = #expect(throws: ClusterError.self) { try run.spawn(by: key(1)) }
        #expect(error?.code == .ownerDied)
        // The actor itself is not dead yet.
        #expect(try run.spawn(owned, by: key(1)) == ["node-1: create actor-3.1"])
        #expect(
            run.stopped(1)
                == [
                    "actor-1.1 released", "actor-1 dead: owner ended", "node-1: end actor-3.1, owner ended",
                    "actor-3 settled: actorDied", "actor-3 dead: owner ended",
                ]
        )
    }
}
