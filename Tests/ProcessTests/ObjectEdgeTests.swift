import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("objects at the edges", .timeLimit(.minutes(10)))
struct ObjectEdgeTests {
    @Test("calls over a link within one process carry references and large values as others do")
    func withinProcess() async throws {
        try await withCluster({ $0.sharedWorkers = 1 }) { test in
            let system = test.system
            let one = try await system.shelf(.shared)
            // An actor that limits its calls is called over a link even from its own process.
            let serial = try await system.shelf(.shared, concurrency: .serial)
            #expect(try await one.process() == serial.process())
            try await passWithin(one, serial, system)
            #expect(try await serial.sum() == 100_030)
            try await serial.drop()
            try await one.drop()
            try await system.expectNothingLeft()
        }
    }

    private func passWithin(_ one: Shelf, _ serial: Shelf, _ system: ClusterSystem) async throws {
        let items = [
            try await one.make(10, of: 1, owner: .process), try await one.make(20, of: 1, owner: .node),
            try await system.bytes(100_000),
        ]
        try await one.keep(items)
        try await one.pass(to: serial)
        #expect(try await one.open(try await serial.bale(200_000)) == 200_000)
        #expect(try await one.sum() == 2 * 100_030)
    }

    @Test("puts for the node that are given up leave nothing, whenever that is")
    func givenUpPuts() async throws {
        try await withCluster { test in
            let system = test.system
            var random = SeededRandom(seed: 1)
            for _ in 0..<150 {
                let timeout = Duration.microseconds(Int.random(in: 1...800, using: &random))
                _ = await clusterError {
                    try await withCallOptions(timeout: timeout) {
                        _ = try await system.bytes(100, owner: .node)
                    }
                }
                let put = Task { try await system.bytes(100, owner: .node) }
                for _ in 0..<Int.random(in: 0...20, using: &random) { await Task.yield() }
                put.cancel()
                _ = try? await put.value
            }
            try await system.expectNothingLeft()
        }
    }

    @Test("an object that is read while the program shuts down stays where it is until it has been read")
    func shutdownWhileReading() async throws {
        let gate = ScratchFile()
        let path = gate.path
        let reading = Shared<Task<Bool, any Error>?>(nil)
        try await withCluster { test in
            let item = try await test.system.put(Stoker.words(100_000, of: 1))
            let isPinned = Shared(false)
            let task = Task.detached {
                try await item.withSpan { span in
                    isPinned.change { $0 = true }
                    while access(path, F_OK) != 0 { usleep(1_000) }
                    return Stoker.isRight(span, of: 1)
                }
            }
            reading.change { $0 = task }
            try await eventually { isPinned.value }
        }
        gate.create()
        #expect(try await reading.value?.value == true)
    }

    @Test("who owns an object need not answer for it to be read on its node, nor be awake when it is dropped")
    func ownerStopped() async throws {
        try await withCluster { test in
            let system = test.system
            let (maker, reader) = (try await system.shelf(), try await system.shelf())
            let process = try await maker.process()
            try await readWhileStopped(maker, process, reader)
            kill(process, SIGCONT)
            #expect(try await maker.count == 0)
            try await system.expectNothingLeft()
        }
    }

    private func readWhileStopped(_ maker: Shelf, _ process: Int32, _ reader: Shelf) async throws {
        let items = [
            try await maker.make(10, of: 1, owner: .process), try await maker.make(20, of: 1, owner: .node),
        ]
        #expect(try await reader.sum(of: items) == 30)
        kill(process, SIGSTOP)
        for item in items { #expect(try await item.get().first == 1) }
        #expect(try await reader.sum(of: items) == 30)
    }

    @Test("a result larger than the store and a frame says so, and that the method ran")
    func largeResult() async throws {
        try await withCluster({ $0.storeCapacity = 4 << 20 }) { test in
            let holder = try await test.system.spawn(Holder.self, options: .init(isolation: .process))
            #expect(try await holder.repeated("a", 5 << 20).utf8.count == 5 << 20)
            let error = await clusterError { _ = try await holder.repeated("a", 65 << 20) }
            #expect(error?.code == .storeFull)
            #expect(error?.outcome == .executed)
            #expect(try await holder.repeated("a", 1 << 20).utf8.count == 1 << 20)
            try await test.system.expectNothingLeft()
        }
    }
}
