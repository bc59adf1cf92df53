import MantaCore
import MantaGCS
import Testing

private let oneCPU = ActorOptions(resources: [.cpu: 1])

@Suite("Spawning")
struct ControlPlaneSpawnTests {
    @Test("an actor is placed, created, and alive")
    func life() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        #expect(try run.spawn(oneCPU) == ["node-1: create actor-1.1"])
        #expect(run.fate(of: 1) == .pending)
        #expect(run.created(1) == ["actor-1 settled: created", "actor-1 alive"])
        #expect(run.fate(of: 1) == .alive(location()))
        #expect(run.plane.leaseCount == 1 && run.plane.nextDeadline == nil)
    }

    @Test("an answer that comes twice, because the first was lost on its way, counts once")
    func duplicates() throws {
        var run = PlaneScript(nodes: [:])
        _ = try run.spawn()
        #expect(run.created(1).count == 2)
        #expect(run.created(1) == [])
        #expect(try run.initFailed(1) == [])
        #expect(run.refused(1) == [])
        #expect(run.fate(of: 1) == .alive(location()))
    }

    @Test("an instruction without an answer is sent again until there is one")
    func resent() throws {
        var run = PlaneScript(nodes: [:])
        _ = try run.spawn()
        for _ in 0..<3 {
            #expect(try run.unanswered("node-1: create actor-1.1") == [])
            #expect(run.pass(.milliseconds(249)) == [])
            #expect(run.pass(.milliseconds(1)) == ["node-1: create actor-1.1"])
        }
        _ = run.created(1)
        // Of the copies that are still under way one fails.
        #expect(try run.unanswered("node-1: create actor-1.1") == [])
        #expect(run.patience == nil)
    }

    @Test("an answer that arrives before the next attempt ends the attempts")
    func answeredMeanwhile() throws {
        var run = PlaneScript(nodes: [:])
        _ = try run.spawn()
        #expect(try run.unanswered("node-1: create actor-1.1") == [])
        _ = run.created(1)
        #expect(run.pass(.seconds(1)) == [])
    }

    @Test("an initialiser that throws ends the actor, whatever its policy")
    func initThrows() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        _ = try run.spawn(ActorOptions(resources: [.cpu: 1], restarts: .always))
        #expect(
            try run.initFailed(1)
                == ["actor-1.1 released", "actor-1 settled: init failed: no", "actor-1 dead: init failed"]
        )
        #expect(run.plane.leaseCount == 0 && run.patience == nil)
    }

    @Test("a worker that ends while it builds an actor ends the spawn, whatever the policy")
    func workerEnds() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        _ = try run.spawn(ActorOptions(restarts: .always))
        #expect(
            run.cutShort(1)
                == ["actor-1.1 released", "actor-1 settled: workerDied", "actor-1 dead: crashed"]
        )
        _ = try run.spawn(ActorOptions(restarts: .always))
        #expect(
            run.processLeaves(building: [key(2)])
                == [
                    "actor-2.1 released", "actor-2 settled: workerDied", "actor-2 dead: exited",
                    "process-a ended",
                ]
        )
        #expect(run.created(2) == [] && run.cutShort(2) == [])
        #expect(run.plane.leaseCount == 0)
    }

    @Test("an actor whose worker ended before the answer came through was never alive")
    func answerCrossesReport() throws {
        var run = PlaneScript(nodes: [:])
        run.processJoins(worker)
        _ = try run.spawn(ActorOptions(restarts: .always))
        #expect(run.processLeaves() == ["process-a ended"])
        #expect(
            run.created(1) == ["actor-1.1 released", "actor-1 settled: workerDied", "actor-1 dead: exited"]
        )
    }

    @Test("a raylet that refuses has the last word")
    func refused() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        _ = try run.spawn(oneCPU)
        #expect(
            run.refused(1)
                == ["actor-1.1 released", "actor-1 settled: overloaded", "actor-1 dead: init failed"]
        )
    }

    @Test("an actor that was built as another incarnation is ended, and its spawn fails")
    func wrongEpoch() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        _ = try run.spawn(oneCPU)
        #expect(
            run.answer(1, 1, .created(location(epoch: 2), operatingSystemID: 100))
                == ["node-1: end actor-1.1, fenced", "actor-1 settled: workerDied", "actor-1 dead: fenced"]
        )
        #expect(run.ended(1) == ["actor-1.1 released"])
    }

    @Test("what no node could ever hold fails at once")
    func infeasible() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        let failed = ["actor-1 settled: infeasible", "actor-1 dead: init failed"]
        #expect(try run.spawn(ActorOptions(resources: [.cpu: 2])) == failed)
        var empty = PlaneScript()
        #expect(try empty.spawn() == failed)
    }

    @Test("room is given on when the raylet has said that it is there, in the order of the requests")
    func waits() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(oneCPU)
        #expect(try run.spawn(oneCPU) == ["actor-2 waits"])
        #expect(try run.spawn(oneCPU) == ["actor-3 waits"])
        #expect(
            try run.kill(1)
                == ["node-1: end actor-1.1, killed", "actor-1 dead: killed", "caller waits for actor-1.1"]
        )
        #expect(run.ended(1) == ["node-1: create actor-2.1", "actor-1.1 released"])
        #expect(run.nodeJoins(2) == ["node-2: create actor-3.1", "node-2 accepted"])
        #expect(run.plane.waitingCount == 0 && run.patience == nil)
    }

    @Test("one that waits for longer than its placement timeout fails")
    func placementTimeout() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(oneCPU)
        _ = try run.spawn(ActorOptions(name: "late", resources: [.cpu: 1], placementTimeout: .seconds(5)))
        #expect(run.patience == .seconds(5) && run.pass(.milliseconds(4_999)) == [])
        #expect(
            run.pass(.milliseconds(1))
                == ["actor-2 settled: placementTimedOut", "actor-2 dead: init failed", "news"]
        )
        #expect(run.find("late") == nil && run.patience == nil)
    }

    @Test("a spawn that is given up while it waits holds nothing and takes nothing")
    func cancelledWaiting() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        try run.start(oneCPU)
        _ = try run.spawn(oneCPU)
        #expect(run.cancelSpawn(2) == ["actor-2 settled: cancelled", "actor-2 dead: killed"])
        #expect(run.cancelSpawn(2) == [] && run.patience == nil)
        _ = try run.kill(1)
        #expect(run.ended(1) == ["actor-1.1 released"])
    }

    @Test("a spawn that is given up while it is created holds its room until the raylet has ended it")
    func cancelledCreating() throws {
        var run = PlaneScript(nodes: [.cpu: 1])
        _ = try run.spawn(oneCPU)
        #expect(
            run.cancelSpawn(1)
                == ["node-1: end actor-1.1, killed", "actor-1 settled: cancelled", "actor-1 dead: killed"]
        )
        #expect(try run.spawn(oneCPU) == ["actor-2 waits"])
        // The answers to `create` and `end` come in any order.
        #expect(run.created(1) == [] && run.cutShort(1) == [])
        #expect(try run.initFailed(1) == [] && run.refused(1) == [])
        #expect(run.fate(of: 1) == .dead(.killed))
        #expect(try run.unanswered("node-1: create actor-1.1") == [])
        #expect(try run.unanswered("node-1: end actor-1.1, killed") == [])
        #expect(run.pass(.milliseconds(250)) == ["node-1: end actor-1.1, killed"])
        #expect(run.ended(1) == ["node-1: create actor-2.1", "actor-1.1 released"])
        #expect(run.ended(1) == [] && run.created(1) == [])
    }

    @Test("a spawn that has settled cannot be given up")
    func cancelledLate() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        #expect(run.cancelSpawn(1) == [] && run.cancelSpawn(99) == [])
        #expect(run.fate(of: 1) == .alive(location()))
    }

    @Test("a name that is taken is refused, and nothing is accepted")
    func nameTaken() throws {
        var run = PlaneScript(nodes: [:])
        _ = try run.spawn(ActorOptions(name: "hits"))
        let error = #expect(throws: ClusterError.self) { try run.spawn(ActorOptions(name: "hits")) }
        #expect(error?.code == .nameTaken)
        #expect(run.plane.takeActions().isEmpty && run.plane.leaseCount == 1)
    }

    @Test("of two that get or spawn a name one spawns, and it is spawned again when its actor is dead")
    func getOrSpawn() throws {
        var run = PlaneScript(nodes: [:])
        let hits = ActorOptions(name: "hits")
        #expect(try run.getOrSpawn(hits) == ["node-1: create actor-1.1", "spawned actor-1"])
        #expect(try run.getOrSpawn(hits) == ["found actor-1"])
        #expect(try run.getOrSpawn(ActorOptions(name: "hits", namespace: "shop")).last == "spawned actor-2")
        _ = run.created(1)
        #expect(try run.getOrSpawn(hits) == ["found actor-1"])
        _ = try run.kill(1)
        #expect(try run.getOrSpawn(hits) == ["node-1: create actor-3.1", "spawned actor-3"])
    }

    @Test(
        "a request to get or spawn that is made again after its actor has died spawns another, unless the init threw"
    )
    func getOrSpawnAgain() throws {
        var run = PlaneScript(nodes: [:])
        let request = SpawnRequest(
            mangledTypeName: "4main7CounterC",
            typeName: "Counter",
            arguments: [],
            options: ActorOptions(name: "hits"),
            caller: driver
        )
        func ask() throws -> ControlPlane.OnGetOrSpawn {
            try run.plane.getOrSpawn(request, job: driver, now: run.now)
        }
        #expect(try ask() == .spawned(actor(1)))
        _ = run.created(1)
        _ = try run.kill(1)
        #expect(try ask() == .spawned(actor(2)))
        _ = try run.initFailed(2)
        #expect(try ask() == .found(actor(2)))
    }
}
