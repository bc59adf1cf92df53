import Distributed
import Glibc
import Manta
import MantaTestSupport
import Testing

/// How an actor ends that keeps references.
enum HolderEnd: String, CaseIterable, Sendable {
    case killed, stopped, killedToRestart, workerKilled
}

@Suite("references of actors that end", .timeLimit(.minutes(10)))
struct ObjectHolderEndTests {
    @Test(
        "what an actor keeps goes with it",
        arguments: [Isolation.shared, .thread, .process],
        HolderEnd.allCases
    )
    func state(isolation: Isolation, end: HolderEnd) async throws {
        try await withCluster({ $0.sharedWorkers = 1 }) { test in
            let system = test.system
            let restarts: RestartPolicy =
                end == .killedToRestart || end == .workerKilled ? .upTo(3, within: .seconds(60)) : .never
            let shelf = try await system.shelf(isolation, restarts: restarts)
            // Its worker lives on, unless the actor has one to itself.
            let neighbour = try await system.shelf(isolation)
            try await fill(shelf, neighbour, system)
            switch end {
            case .killed: try await system.kill(shelf)
            case .stopped: try await system.stop(shelf)
            case .killedToRestart: try await system.kill(shelf, restart: true)
            case .workerKilled: kill(try await shelf.process(), SIGKILL)
            }
            if restarts != .never { try await eventually { await self.isEmpty(shelf) } }
            if end != .workerKilled || isolation == .process {
                #expect(try await neighbour.sum() == 50)
                try await neighbour.drop()
            }
            try await system.expectNothingLeft()
        }
    }

    private func isEmpty(_ shelf: Shelf) async -> Bool { (try? await shelf.count) == 0 }

    private func fill(_ shelf: Shelf, _ neighbour: Shelf, _ system: ClusterSystem) async throws {
        let own = try await shelf.make(5000, of: 1, owner: .process)
        let lasting = try await shelf.make(20, of: 1, owner: .node)
        let shared = try await system.bytes(50)
        try await shelf.keep([own, lasting, shared, shared])
        try await neighbour.keep([shared])
        #expect(try await shelf.sum() == 5120)
    }

    @Test("what a method has in hand goes with its actor, though its worker lives on")
    func inMethod() async throws {
        try await withCluster({ $0.sharedWorkers = 1 }) { test in
            let system = test.system
            let gate = ScratchFile()
            let shelf = try await system.shelf(.shared)
            let neighbour = try await system.shelf(.shared)
            #expect(try await shelf.process() == neighbour.process())
            let error = await holdUntilKilled(shelf, gate.path, system)
            #expect(error?.code == .actorDied(.killed))
            try await system.expectNothingLeft()
            _ = try await neighbour.count
        }
    }

    private func holdUntilKilled(_ shelf: Shelf, _ path: String, _ system: ClusterSystem) async
        -> ClusterError?
    {
        let call = Task {
            await clusterError {
                _ = try await shelf.hold(
                    [try await system.bytes(10), try await system.bytes(100_000)],
                    until: path
                )
            }
        }
        let other = await clusterError {
            try await eventually { try await system.objects().filter { $0.borrowers > 0 }.count == 2 }
            try await system.kill(shelf)
        }
        #expect(other == nil)
        return await call.value
    }

    @Test("references that are sent to a dead actor stay with their sender")
    func deadActor() async throws {
        try await withCluster { test in
            let system = test.system
            let shelf = try await system.shelf()
            _ = try await shelf.count
            try await system.kill(shelf)
            try await sendToDead(shelf, system)
            try await system.expectNothingLeft()
        }
    }

    private func sendToDead(_ shelf: Shelf, _ system: ClusterSystem) async throws {
        let item = try await system.bytes(10)
        for _ in 0..<20 {
            let error = await clusterError { try await shelf.keep([item]) }
            #expect(error?.code == .actorDied(.killed))
            #expect(error?.outcome == .notExecuted)
        }
        #expect(
            await clusterError { _ = try await shelf.weigh([UInt8](repeating: 1, count: 1 << 20)) }?.code
                == .actorDied(.killed)
        )
        try await withCallOptions(reply: .ignored) { try await shelf.keep([item]) }
        #expect(try await item.get().count == 10)
        let listed = try await system.objects()
        #expect(listed.count == 1)
        #expect(listed.first?.inTransit == 0)
    }
}
