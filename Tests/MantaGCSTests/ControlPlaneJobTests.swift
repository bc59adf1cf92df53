import MantaCore
@testable import MantaGCS
import Testing

@Suite("Jobs")
struct ControlPlaneJobTests {
    private let other = ProcessID(0xe)

    private func makeRun(drivers: ProcessID...) -> PlaneScript {
        var run = PlaneScript(nodes: [.cpu: 8])
        for driver in drivers { run.driverJoins(driver) }
        return run
    }

    private func job(_ id: ProcessID, _ run: PlaneScript) throws -> JobInfo {
        try #require(run.plane.directory.jobs().first { $0.id == id })
    }

    @Test("a job runs while its driver does, and is listed with how it was started")
    func runs() throws {
        var run = makeRun(drivers: driver)
        try run.start()
        let info = try job(driver, run)
        #expect(info.state == .running)
        #expect(info.arguments == ["counter", "--fast"])
        #expect((info.host, info.driverProcessID) == ("laptop", 77))
        #expect((info.startTime, info.endTime) == (1_700_000_000, nil))
        #expect(info.liveActors == 1)
        // Its link was lost, and it says again that it is there.
        run.driverJoins(driver)
        #expect(try job(driver, run) == info)
    }

    @Test("a job that has ended is only listed, without its environment, when its last actor is dead")
    func ends() throws {
        var run = makeRun(drivers: driver)
        try run.start()
        try run.start(ActorOptions(lifetime: .detached))
        _ = run.pass(.seconds(5))
        _ = run.jobEnds()
        var record = try #require(run.plane.directory.job(driver))
        #expect(record.hasEnded && record.isKept)
        #expect(record.spec == spec(of: driver))
        _ = run.stopped(1)
        #expect(try job(driver, run).liveActors == 1)
        #expect(run.plane.directory.actor(actor(2))?.spec.job == driver)
        // Of the calendar, as the clock of the tests has it.
        #expect(try #require(job(driver, run).endTime) == 1_700_001_005)
        _ = try run.kill(2)
        _ = run.ended(2)
        record = try #require(run.plane.directory.job(driver))
        #expect(!record.isKept)
        #expect(record.spec.environment.isEmpty)
        #expect(try job(driver, run).liveActors == 0)
    }

    @Test("nothing joins a job that has ended, also while its driver is there and its actors end")
    func late() throws {
        var run = makeRun(drivers: driver)
        try run.start()
        _ = run.jobEnds()
        #expect(run.plane.directory.process(driver)?.deathCause == nil)
        #expect(throws: ClusterError.self) { try run.spawn(ActorOptions()) }
        #expect(run.plane.directory.owned(by: .job(driver)) == [actor(1)])
    }

    @Test(
        "an actor is built from the program of the job of whoever spawned it, also a detached one of a detached one"
    )
    func program() throws {
        var run = makeRun(drivers: driver, other)
        try run.start(ActorOptions(lifetime: .detached), job: other)
        try run.start(ActorOptions(lifetime: .detached), by: key(1), job: driver)
        try run.start(by: key(2), job: driver)
        for number in 1...3 as ClosedRange<UInt64> {
            #expect(run.plane.directory.actor(actor(number))?.spec.job == other)
            #expect(run.plane.directory.actor(actor(number))?.job == nil)
        }
        #expect(try job(other, run).liveActors == 3)
        #expect(try job(driver, run).liveActors == 0)
        // The driver's end does not end them, and they may still spawn.
        #expect(run.jobEnds(other).isEmpty)
        try run.start(by: key(3), job: driver)
        #expect(try job(other, run).liveActors == 4)
    }

    @Test("nothing is built for a job that has ended with all of its actors")
    func nothingMore() throws {
        var run = makeRun(drivers: driver)
        _ = run.jobEnds()
        let error = #expect(throws: ClusterError.self) {
            try run.spawn(ActorOptions(lifetime: .detached))
        }
        #expect(error?.code == .ownerDied)
        #expect(run.plane.directory.actorCounts.live == 0)
    }

    @Test("a job ends with the node of its driver")
    func driversNode() throws {
        var run = PlaneScript(nodes: [.cpu: 1], [.cpu: 8])
        run.driverJoins(driver, on: node)
        _ = try run.spawn(ActorOptions(placement: .node(otherNode)))
        let lines = run.nodeDies(node)
        #expect(lines.contains("actor-1 dead: owner ended"))
        #expect(try job(driver, run).state == .ended)
    }

    @Test("a driver and its job are stored by one step, and a driver that is refused has no job")
    func oneStep() throws {
        var run = makeRun()
        run.driverJoins(driver)
        // Whatever was stored last, the other is there too.
        _ = try run.headRestarts()
        #expect(run.plane.directory.process(driver) != nil)
        #expect(try job(driver, run).state == .running)
        _ = run.pass(.seconds(10))
        #expect(try job(driver, run).state == .ended)
        let late = run.plane.driverJoined(record(of: driver, on: .none), job: spec(of: driver))
        #expect(late == .dead(.released))
        let wrong = run.plane.driverJoined(record(of: other, on: NodeID(9)), job: spec(of: other))
        #expect(wrong == .dead(.nodeDied(NodeID(9))) && run.plane.directory.job(other) == nil)
    }

    @Test("jobs are there after a restart of the head, and go on to end when their actors do")
    func restart() throws {
        var run = makeRun(drivers: driver, other)
        try run.start(ActorOptions(lifetime: .detached))
        _ = run.jobEnds()
        let before = run.plane.directory.jobs()
        _ = try run.headRestarts()
        #expect(run.plane.directory.jobs() == before)
        _ = try run.kill(1)
        #expect(run.plane.directory.job(driver)?.isKept == false)
        // The other one's driver does not come back.
        _ = run.pass(.seconds(60))
        #expect(run.plane.directory.jobs().allSatisfy { $0.state == .ended })
    }

    @Test("of the jobs that are only listed the newest are known")
    func history() throws {
        var directory = Directory(cluster: cluster, endedJobLimit: 3)
        for number in 1...5 as ClosedRange<UInt64> {
            directory.jobStarted(spec(of: ProcessID(number)))
            directory.jobEnded(ProcessID(number), at: Double(number))
        }
        #expect(directory.jobs().map(\.id) == [3, 4, 5].map { ProcessID($0) })
    }
}
