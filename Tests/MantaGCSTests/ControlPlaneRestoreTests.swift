import MantaCore
@testable import MantaGCS
import MantaScheduling
import Testing

private let restarting = ActorOptions(restarts: .always)
private let one: Resources = [.cpu: 1]

@Suite("Actors after a restart of the head")
struct ControlPlaneRestoreTests {
    @Test("an actor that its node still hosts goes on as if nothing had been, and keeps its name")
    func goesOn() throws {
        var run = PlaneScript(nodes: one)
        try run.start(ActorOptions(name: "hits", resources: one))
        #expect(try run.headRestarts() == [])
        #expect(run.fate(of: 1) == .alive(location()) && run.find("hits") == actor(1))
        #expect(run.nodeJoins(1, one, hosted: [key(1)]) == ["node-1 accepted"])
        #expect(run.pass(.seconds(9)) == [] && run.fate(of: 1) == .alive(location()))
        #expect(run.plane.leaseCount == 1)
    }

    @Test("numbers are not given out again, also those of actors that are forgotten")
    func numbers() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        _ = try run.kill(1)
        _ = run.ended(1)
        run.store.entries[StoredEntry.Key(.actor, actor(1).number)] = nil
        _ = try run.headRestarts()
        _ = run.nodeJoins(1)
        #expect(try run.spawn() == ["node-1: create actor-2.1"])
    }

    @Test("a spawn that had not settled is given up: its name is free, and what was begun of it is ended")
    func pending() throws {
        var run = PlaneScript(nodes: one)
        #expect(
            try run.spawn(ActorOptions(name: "hits", resources: one)) == ["node-1: create actor-1.1"]
        )
        #expect(try run.spawn(ActorOptions(name: "more", resources: one)) == ["actor-2 waits"])
        #expect(
            try run.headRestarts()
                == [
                    "node-1: end actor-1.1, init failed", "actor-1 settled: cancelled",
                    "actor-1 dead: init failed", "news", "actor-2 settled: cancelled",
                    "actor-2 dead: init failed", "news",
                ]
        )
        #expect(run.find("hits") == nil && run.find("more") == nil)
        #expect(try run.spawn(ActorOptions(name: "hits", resources: one)) == ["actor-3 waits"])
        // The instruction was lost: there was no link yet.
        #expect(
            run.nodeJoins(1, one, hosted: [key(1)])
                == ["node-1: end actor-1.1, init failed", "node-1 accepted"]
        )
        #expect(run.ended(1) == ["node-1: create actor-3.1", "actor-1.1 released"])
    }

    @Test("a restart that was under way is asked for again")
    func restartUnderWay() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        #expect(run.processLeaves().contains("node-1: create actor-1.2"))
        #expect(try run.headRestarts() == [])
        #expect(run.nodeJoins(1) == ["node-1: create actor-1.2", "node-1 accepted"])
        #expect(run.created(1, epoch: 2, in: ProcessID(0xb)) == ["actor-1 alive"])
    }

    @Test("a restart that waited for its pause comes when its node is there")
    func restartInDelay() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = run.processLeaves()
        #expect(run.cutShort(1, epoch: 2) == ["actor-1.2 released", "actor-1 restarting"])
        #expect(try run.headRestarts() == ["actor-1 waits"])
        #expect(run.nodeJoins(1) == ["node-1: create actor-1.3", "node-1 accepted"])
    }

    @Test("an end that was under way is asked for again, and the next incarnation waits for it")
    func endUnderWay() throws {
        var run = PlaneScript(nodes: one, one)
        try run.start(ActorOptions(resources: one, restarts: .always))
        _ = try run.kill(1, restart: true)
        #expect(try run.headRestarts() == [])
        #expect(run.nodeJoins(2, one) == ["node-2 accepted"])
        #expect(run.plane.scheduler.available(on: node) == [:])
        #expect(
            run.nodeJoins(1, one, hosted: [key(1)])
                == ["node-1: end actor-1.1, killed", "node-1 accepted"]
        )
        #expect(run.ended(1) == ["actor-1.1 released", "node-1: create actor-1.2"])
    }

    @Test("a stop that was under way is asked for again, with the time that it was given")
    func stopUnderWay() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        #expect(try run.stop(1) == ["node-1: stop actor-1.1, stopped", "caller waits"])
        #expect(try run.headRestarts() == [])
        #expect(run.plane.directory.actor(actor(1))?.stopLimit == .seconds(30))
        #expect(run.nodeJoins(1) == ["node-1: stop actor-1.1, stopped", "node-1 accepted"])
        #expect(run.stopped(1) == ["actor-1.1 released", "actor-1 dead: stopped"])
    }

    @Test("the restarts that a policy counts are counted on, by the calendar")
    func budget() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(ActorOptions(restarts: .upTo(2, within: .seconds(60))))
        _ = run.processLeaves()
        _ = run.created(1, epoch: 2, in: ProcessID(0xb))
        _ = try run.headRestarts(after: .seconds(50))
        _ = run.nodeJoins(1, hosted: [key(1, epoch: 2)])
        #expect(run.processLeaves(ProcessID(0xb)).contains("node-1: create actor-1.3"))
        _ = run.created(1, epoch: 3, in: ProcessID(0xc))
        _ = try run.headRestarts(after: .seconds(5))
        _ = run.nodeJoins(1, hosted: [key(1, epoch: 3)])
        // The first was 55 s ago.
        #expect(run.processLeaves(ProcessID(0xc)).contains("actor-1 dead: exited"))
    }

    @Test("who watches an actor is told no event twice, and none is left out")
    func lifecycle() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        let seen = run.plane.directory.actor(actor(1))?.lifecycle.count
        _ = run.processLeaves()
        _ = try run.headRestarts()
        let news = run.plane.directory.actor(actor(1))?.lifecycle.news(after: seen)
        #expect(news?.events == [.restarting] && news?.seenCount == 2)
    }

    @Test("who reads the feed learns that he has missed something")
    func feed() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(ActorOptions(name: "hits"))
        _ = try run.kill(1)
        let cursor = run.plane.feed.cursor
        _ = try run.headRestarts()
        let news = run.plane.feed.news(after: cursor)
        #expect(news.hasGap && news.cursor > cursor)
        #expect(!run.plane.feed.news(after: news.cursor).hasGap)
    }
}

@Suite("Nodes after a restart of the head")
struct ControlPlaneRestoreNodeTests {
    @Test("what a node reports that it has lost meanwhile goes on by its policy, for the reason that is told")
    func reported() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        try run.start()
        _ = try run.headRestarts()
        #expect(run.nodeJoins(1) == ["node-1 accepted"])
        let lines = run.processLeaves()
        #expect(lines.contains("node-1: create actor-1.2") && lines.contains("actor-2 dead: exited"))
        #expect(run.pass(.seconds(2)) == [])
    }

    @Test("what a node does not host and does not report is ended there before it goes on")
    func unreported() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        try run.start(in: worker)
        _ = try run.headRestarts()
        _ = run.nodeJoins(1, hosted: [key(2)])
        #expect(run.pass(.milliseconds(1_999)) == [])
        #expect(
            run.pass(.milliseconds(1))
                == [
                    "actor-1 restarting",
                    "node-1: end actor-1.1, the process that created it holds it no longer",
                ]
        )
        #expect(run.ended(1) == ["actor-1.1 released", "node-1: create actor-1.2"])
        #expect(run.fate(of: 2) == .alive(location()))
    }

    @Test("a list that was old is made good by the next one")
    func oldList() throws {
        var run = PlaneScript(nodes: [:])
        try run.start(restarting)
        _ = try run.headRestarts()
        _ = run.nodeJoins(1)
        _ = run.nodeJoins(1, hosted: [key(1)])
        #expect(run.pass(.seconds(2)) == [] && run.fate(of: 1) == .alive(location()))
    }

    @Test("what a node hosts that nobody knows is ended")
    func strays() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        _ = try run.headRestarts()
        #expect(
            run.nodeJoins(1, hosted: [key(1), key(7), key(1, epoch: 3)])
                == ["node-1: end actor-7.1, fenced", "node-1: end actor-1.3, fenced", "node-1 accepted"]
        )
        #expect(run.fate(of: 1) == .alive(location()))
    }

    @Test("a node that does not come back in time is dead, and fenced when it comes later")
    func neverBack() throws {
        var run = PlaneScript(nodes: [:], [:])
        try run.start(restarting)
        _ = try run.headRestarts()
        #expect(run.nodeJoins(2) == ["node-2 accepted"])
        #expect(run.pass(.milliseconds(9_999)) == [])
        #expect(
            run.pass(.milliseconds(1))
                == [
                    "actor-1.1 released", "news", "process-a ended", "actor-1 restarting",
                    "node-2: create actor-1.2",
                ]
        )
        #expect(run.nodeJoins(1, hosted: [key(1)]) == ["node-1 fenced"])
        #expect(try run.headRestarts() == [])
        #expect(run.nodeJoins(1, hosted: [key(1)]) == ["node-1 fenced"])
        #expect(run.nodeJoins(2) == ["node-2: create actor-1.2", "node-2 accepted"])
    }

    @Test("the node in the process of the head itself has ended with it, and its actors wait for another")
    func ownNode() throws {
        var run = PlaneScript()
        _ = run.nodeJoins(1, one, in: gcsProcess)
        try run.start(ActorOptions(resources: one, restarts: .upTo(1, within: .seconds(60))))
        #expect(
            try run.headRestarts()
                == [
                    "actor-1.1 released", "news", "process-a ended", "actor-1 restarting", "actor-1 waits",
                ]
        )
        #expect(
            run.nodeJoins(2, one, in: gcsProcess) == ["node-2: create actor-1.2", "node-2 accepted"]
        )
    }

    @Test("what fits no node that is there waits until the recovery is over, or its own time is")
    func infeasible() throws {
        var run = PlaneScript(nodes: one)
        _ = try run.headRestarts()
        #expect(try run.spawn(ActorOptions(resources: [.gpu: 1])) == ["actor-1 waits"])
        let brief = ActorOptions(resources: [.gpu: 2], placementTimeout: .seconds(1))
        #expect(try run.spawn(brief) == ["actor-2 waits"])
        #expect(run.pass(.seconds(1)) == ["actor-2 settled: infeasible", "actor-2 dead: init failed"])
        #expect(run.nodeJoins(2, [.gpu: 1]) == ["node-2: create actor-1.1", "node-2 accepted"])
        #expect(try run.spawn(ActorOptions(resources: [.gpu: 5])) == ["actor-3 waits"])
        let lines = run.pass(.seconds(9))
        #expect(lines.suffix(2) == ["actor-3 settled: infeasible", "actor-3 dead: init failed"])
        #expect(throws: Never.self) { try run.spawn(ActorOptions(resources: [.gpu: 5])) }
        #expect(run.patience == nil)
    }

    @Test("a node that was being drained is drained on, and what moves from it is asked to again")
    func draining() throws {
        var run = PlaneScript(nodes: one, one)
        try run.start(ActorOptions(resources: one, restarts: .always))
        try run.plane.drain(node, within: .seconds(7), now: run.now)
        #expect(run.pass(.zero).count == 2)
        _ = try run.headRestarts()
        #expect(run.plane.directory.actor(actor(1))?.stopLimit == .seconds(7))
        _ = run.nodeJoins(2, one)
        let lines = run.nodeJoins(1, one, hosted: [key(1)])
        #expect(lines.count == 2 && lines.first?.hasPrefix("node-1: stop actor-1.1") == true)
        #expect(run.stopped(1).contains("node-2: create actor-1.2"))
        #expect(try run.spawn(ActorOptions(resources: one)) == ["actor-2 waits"])
    }

    @Test("nodes keep the order in which they joined")
    func order() throws {
        var run = PlaneScript(nodes: one, one)
        _ = run.nodeDies(node)
        _ = run.nodeJoins(3, one)
        _ = try run.headRestarts()
        #expect(run.plane.scheduler.nodes().map(\.id) == [otherNode, NodeID(3)])
    }
}

@Suite("Drivers after a restart of the head")
struct ControlPlaneRestoreDriverTests {
    @Test("a driver that comes back keeps its job, and one that does not has ended")
    func drivers() throws {
        var run = PlaneScript(nodes: [:])
        let other = ProcessID(0xe)
        run.driverJoins(driver)
        run.driverJoins(other)
        try run.start(job: driver)
        try run.start(job: other)
        _ = try run.headRestarts()
        _ = run.nodeJoins(1, hosted: [key(1), key(2)])
        run.driverJoins(driver)
        #expect(run.pass(.seconds(10)) == ["process-e ended", "node-1: stop actor-2.1, owner ended"])
        #expect(run.stopped(2) == ["actor-2.1 released", "actor-2 dead: owner ended"])
        #expect(run.fate(of: 1) == .alive(location()))
        guard case .dead = run.plane.processJoined(record(of: other, on: .none)) else {
            Issue.record("a driver whose job has ended joins again")
            return
        }
    }

    @Test("the process of the head joins again, whatever its number in the system is now")
    func ownProcess() throws {
        var run = PlaneScript(nodes: [:])
        run.processJoins(gcsProcess, on: .none)
        try run.start(job: gcsProcess)
        _ = try run.headRestarts()
        let record = record(of: gcsProcess, on: .none, operatingSystemID: 7)
        #expect(run.plane.processJoined(record) == .accepted)
        _ = run.nodeJoins(1, hosted: [key(1)])
        #expect(run.pass(.seconds(10)) == [] && run.fate(of: 1) == .alive(location()))
    }
}

@Suite("What is stored of a directory")
struct StoredDirectoryTests {
    private func stored(_ run: PlaneScript) throws -> [StoredEntry] {
        let identity = DirectoryIdentity(cluster: cluster, process: gcsProcess, epoch: 3)
        return run.store.entries.map { StoredEntry($0.key, $0.value) } + [try identity.entry]
    }

    private func restore(_ entries: [StoredEntry]) throws(ClusterError) -> ControlPlane {
        try ControlPlane(restoring: try StoredDirectory(entries), seed: 1, at: StoredPlane.clock(origin))
    }

    @Test("an actor with everything that it can have is the same again")
    func everything() throws {
        var run = PlaneScript(nodes: [.cpu: 4, "tpu": 2])
        let options = ActorOptions(
            name: "hits",
            namespace: "shop",
            resources: [.cpu: 0.5, "tpu": 1],
            isolation: .process,
            lifetime: .detached,
            restarts: .upTo(7, within: .milliseconds(1_234)),
            placement: .node(NodeID(1), soft: true),
            concurrency: .limited(3),
            maxPendingCalls: 77,
            placementTimeout: .milliseconds(1_500),
            environment: ["A": "1", "B": ""]
        )
        try run.start(options)
        _ = run.processLeaves()
        _ = run.created(1, epoch: 2, in: ProcessID(0xb))
        _ = try run.stop(1)
        let record = try #require(run.plane.directory.actor(actor(1)))
        let restored = try restore(try stored(run)).directory.actor(actor(1))
        #expect(restored?.spec == record.spec && restored?.stopping == .stopped)
        #expect(record.request != 0 && restored?.request == record.request)
        // A field that is new here has to be stored too.
        #expect(Mirror(reflecting: record).children.count == 16)
        #expect(Mirror(reflecting: record.spec).children.count == 7)
        #expect(Mirror(reflecting: record.spec.options).children.count == 11)
        #expect(Mirror(reflecting: location()).children.count == 5)
        #expect(Mirror(reflecting: record.budget).children.count == 3)
        #expect(Mirror(reflecting: record.lifecycle).children.count == 2)
    }

    @Test("a request for an actor that is sent again after a restart finds what it came to")
    func requests() throws {
        var run = PlaneScript(nodes: [.cpu: 4])
        let request = SpawnRequest(
            mangledTypeName: "t",
            typeName: "T",
            arguments: [],
            options: ActorOptions(),
            caller: gcsProcess
        )
        _ = run.step { plane, now in
            (0..<2).map { _ in "\((try? plane.spawn(request, job: gcsProcess, now: now)) == actor(1))" }
                .joined()
        }
        #expect(run.plane.directory.actorCounts.live == 1)
        // It had not settled when the head ended: nobody heard of it, so it is carried out anew.
        var restored = try restore(try stored(run))
        restored.resume(in: gcsProcess, now: origin)
        let again = try restored.spawn(request, job: gcsProcess, now: origin)
        #expect(again == actor(2))
        #expect(try restored.spawn(request, job: gcsProcess, now: origin) == again)
    }

    @Test("whose directory it is stays the same, and each head has a higher epoch")
    func identity() async throws {
        let storage = MemoryStorage()
        let first = try await storage.begin().identity
        let second = try await storage.begin().identity
        #expect(first.cluster == second.cluster && first.process == second.process)
        #expect(first.epoch == 1 && second.epoch == 2)
    }

    @Test("what a later version has written is refused")
    func laterVersion() throws {
        // { "version": 2, "other": 1 }
        let bytes: [UInt8] =
            [0xa2, 0x67] + Array("version".utf8) + [0x02, 0x65] + Array("other".utf8) + [0x01]
        let entry = StoredEntry(StoredEntry.Key(.identity, 0), bytes)
        let error = #expect(throws: ClusterError.self) { try StoredDirectory([entry]) }
        #expect(error?.code == .incompatible)
    }

    @Test("what nobody says whose it is, or that cannot be read, is refused")
    func damaged() throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        let entries = try stored(run)
        let withoutIdentity = entries.filter { $0.key.kind != .identity }
        let cut = entries.map { entry in
            var entry = entry
            if entry.key.kind == .actor { entry.value?.removeLast() }
            return entry
        }
        for wrong in [withoutIdentity, cut] {
            let error = #expect(throws: ClusterError.self) { try StoredDirectory(wrong) }
            #expect(error?.code == .undecodable && error?.hint != nil)
        }
    }

    @Test("what contradicts itself is refused", arguments: [StoredEntry.Kind.node, .counters])
    func contradiction(missing: StoredEntry.Kind) throws {
        var run = PlaneScript(nodes: [:])
        try run.start()
        let entries = try stored(run).filter { $0.key.kind != missing }
        let error = #expect(throws: ClusterError.self) { try restore(entries) }
        #expect(error?.code == .undecodable)
    }
}
