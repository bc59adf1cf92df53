import MantaCore
import MantaGCS
import Testing

@Suite("Processes and nodes")
struct ProcessAndNodeTests {
    @Test("a process that leaves takes along the incarnations that are alive in it, by number, once")
    func processLeft() throws {
        var directory = Directory.withWorker()
        let other = ProcessID(0xb)
        #expect(directory.processJoined(record(of: other)) == .accepted)
        let ids = try [worker, other, worker, worker].map { try directory.start(in: $0) }
        let cause = DeathCause.exited(code: 3)
        let ended = directory.processLeft(worker, cause)
        #expect(ended == [ids[0], ids[2], ids[3]].map { ActorKey($0, epoch: 1) })
        #expect(directory.fate(of: ids[1]) == .alive(location(in: other)))
        #expect(directory.processLeft(worker, .killed).isEmpty)
        #expect(directory.process(worker)?.deathCause == cause)
    }

    @Test("a node that leaves takes along its processes, and all incarnations with a place on it")
    func nodeLeft() throws {
        var directory = Directory.withWorker()
        let elsewhere = ProcessID(0xb)
        #expect(directory.processJoined(record(of: elsewhere, on: otherNode)) == .accepted)
        let survivor = try directory.start(in: elsewhere)
        let alive = try directory.start()
        let building = try directory.place()
        let waiting = try directory.register()
        let (processes, incarnations) = directory.nodeLeft(node)
        #expect(processes == [worker])
        #expect(incarnations == [alive, building].map { ActorKey($0, epoch: 1) })
        #expect(directory.process(worker)?.deathCause == .nodeDied(node))
        #expect(directory.fate(of: survivor) == .alive(location(in: elsewhere)))
        #expect(directory.fate(of: waiting) == .pending)
        #expect(directory.processCounts == Directory.ProcessCounts(alive: 1, dead: 1))
    }

    @Test("actors with a lane of their own are listed, and end, in their turn among the others")
    func ownLane() throws {
        var directory = Directory.withWorker()
        let ids = try [true, false, true, false].map { try directory.register(hasOwnLane: $0) }
        for id in ids { #expect(directory.placed(id, on: node) == .accepted) }
        for id in ids.prefix(3) {
            #expect(directory.alive(id) == .accepted)
        }
        #expect(ids.map(\.serial) == [1, 2, 3, 4] && ids.map(\.hasOwnLane) == [true, false, true, false])
        #expect(directory.actors().map(\.id) == ids)
        let ended = directory.processLeft(worker, .killed)
        #expect(ended.map(\.id) == Array(ids.prefix(3)))
        for key in ended { #expect(directory.died(key.id, .killed) != nil) }
        #expect(directory.nodeLeft(node).incarnations.map(\.id) == [ids[3]])
    }

    @Test("when a node leaves, its actors end by number, also those with a lane of their own")
    func ownLaneOnLostNode() throws {
        var directory = Directory.withWorker()
        let ids = try [true, false, true].map { try directory.register(hasOwnLane: $0) }
        for id in ids { #expect(directory.placed(id, on: node) == .accepted) }
        #expect(directory.nodeLeft(node).incarnations.map(\.id) == ids)
    }

    @Test("a process that joins twice is one process")
    func joinsTwice() {
        var directory = Directory.withWorker()
        #expect(directory.processJoined(record(of: worker)) == .accepted)
        #expect(directory.processCounts.alive == 1)
    }

    @Test("a process that was declared dead does not come back")
    func joinsAfterDeath() {
        var directory = Directory.withWorker()
        _ = directory.nodeLeft(node)
        #expect(directory.processJoined(record(of: worker)) == .dead(.nodeDied(node)))
        #expect(directory.processCounts.alive == 0)
    }

    @Test("two processes cannot have one identifier")
    func duplicateIdentifier() {
        var directory = Directory.withWorker()
        let other = record(of: worker, on: otherNode, operatingSystemID: 200)
        let message = "process-a is process 100 on node-1, and cannot be process 200 on node-2"
        let answer = directory.processJoined(other)
        #expect(answer == .contradictory(ClusterError(.invalidArgument, message)))
        #expect(directory.process(worker)?.node == node)
    }
}
