import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("room for objects", .timeLimit(.minutes(10)))
struct ObjectRoomTests {
    private static let mebibyte = 1 << 20

    @Test("what is larger than the store is refused at once, whatever it is and whoever puts it")
    func tooLarge() async throws {
        try await withCluster({ configuration in
            configuration.storeCapacity = 8 << 20
            configuration.frameLimit = 32 << 20
        }) { test in
            let system = test.system
            let stoker = try await system.spawn(Stoker.self, options: .init(isolation: .process))
            for owner in [ObjectOwner.process, .node] {
                let bulk = await clusterError { _ = try await system.bytes(9 << 20, owner: owner) }
                #expect(bulk?.code == .storeFull)
                let text = String(repeating: "x", count: 9 << 20)
                #expect(
                    await clusterError { _ = try await system.put(text, owner: owner) }?.code == .storeFull
                )
            }
            #expect(await clusterError { _ = try await stoker.make(9 << 17, of: 0) }?.code == .storeFull)
            // Arguments and results that do not fit go in a frame, if that holds them.
            #expect(try await stoker.weigh([UInt64](repeating: 1, count: 9 << 17)) == 9 << 17)
            #expect(try await stoker.large(9 << 17).count == 9 << 17)
            let huge = await clusterError {
                _ = try await stoker.weigh([UInt64](repeating: 1, count: 33 << 17))
            }
            #expect(huge?.code == .storeFull)
            #expect(huge?.outcome == .notExecuted)
            try await system.expectNothingLeft()
        }
    }

    @Test("a put waits for room while others read what is in its way, at most until its deadline")
    func pinned() async throws {
        try await withSpillFolder { folder in
            try await withCluster({ configuration in
                configuration.storeCapacity = 8 << 20
                configuration.spillDirectory = folder
            }) { test in
                let gate = ScratchFile()
                let stoker = try await test.system.spawn(Stoker.self, options: .init(isolation: .process))
                try await fillAround(stoker, gate, test.system)
                try await test.system.expectNothingLeft()
            }
        }
    }

    private func fillAround(_ stoker: Stoker, _ gate: ScratchFile, _ system: ClusterSystem) async throws {
        let held = try await system.put(Stoker.words(6 << 17, of: 1))
        let path = gate.path
        let holding = Task { try await stoker.hold(held, until: path) }
        try await eventually { try await system.objects().contains { $0.pins == 1 } }
        let error = await clusterError {
            try await withCallOptions(timeout: .milliseconds(300)) { _ = try await system.bytes(4 << 20) }
        }
        #expect(error?.code == .storeFull)
        let waiting = Task { try await system.bytes(4 << 20) }
        let cancelled = Task { try await system.bytes(4 << 20) }
        cancelled.cancel()
        let result = await cancelled.result
        #expect(throws: CancellationError.self) { try result.get() }
        gate.create()
        try await holding.value
        #expect(try await waiting.value.get().count == 4 << 20)
        #expect(try await held.withSpan { Stoker.isRight($0, of: 1) })
    }

    @Test("a read of what is on the disk waits for room, until its timeout or its cancellation")
    func restoreWaits() async throws {
        try await withSpillFolder { folder in
            try await withCluster({ configuration in
                configuration.storeCapacity = 8 << 20
                configuration.spillDirectory = folder
            }) { test in
                let gate = ScratchFile()
                let stoker = try await test.system.spawn(Stoker.self, options: .init(isolation: .process))
                try await readAround(stoker, gate, test.system)
                try await test.system.expectNothingLeft()
            }
        }
    }

    private func readAround(_ stoker: Stoker, _ gate: ScratchFile, _ system: ClusterSystem) async throws {
        let away = try await system.put(Stoker.words(4 << 17, of: 1))
        let held = try await system.put(Stoker.words(6 << 17, of: 2))
        try await eventually {
            try await system.objects().contains { $0.id == away.id && $0.copy == .spilled }
        }
        let path = gate.path
        let holding = Task { try await stoker.hold(held, until: path) }
        try await eventually { try await system.objects().contains { $0.pins == 1 } }
        let error = await clusterError { _ = try await away.get(timeout: .milliseconds(300)) }
        #expect(error?.code == .timedOut)
        let cancelled = Task { try await away.get() }
        cancelled.cancel()
        let result = await cancelled.result
        #expect(throws: CancellationError.self) { try result.get() }
        let waiting = Task { try await away.get() }
        gate.create()
        try await holding.value
        #expect(try await waiting.value == Stoker.words(4 << 17, of: 1))
        #expect(try await held.withSpan { Stoker.isRight($0, of: 2) })
    }

    @Test("an object of the node is the node's, also when it is spilled while it is handed over")
    func spilledOnHandover() async throws {
        try await withSpillFolder { folder in
            try await withCluster({ configuration in
                configuration.storeCapacity = 8 << 20
                configuration.spillDirectory = folder
            }) { test in
                for seed in 0..<5 { try await outlive(UInt64(seed), test.system) }
                try await test.system.expectNothingLeft()
            }
        }
    }

    /// So large that it is written to the disk as soon as it is there.
    private func outlive(_ seed: UInt64, _ system: ClusterSystem) async throws {
        let mule = try await system.spawn(Mule.self, options: .init(isolation: .process))
        _ = try await mule.make(10, of: seed, owner: .process)
        let load = try await mule.make(7 << 17, of: seed, owner: .node)
        kill(try await mule.process(), SIGKILL)
        try await eventually { await clusterError { _ = try await mule.process() } != nil }
        // Its end is known to all when that is gone which was its own.
        try await eventually { try await system.objects().allSatisfy { $0.id == load.item.id } }
        for _ in 0..<3 { #expect(try await load.item.withSpan { Stoker.isRight($0, of: seed) }) }
    }

    @Test("where nothing can be spilled to, what is in the store stays, and more is refused for what it is")
    func noFolder() async throws {
        try await withCluster({ configuration in
            configuration.storeCapacity = 8 << 20
            configuration.spillDirectory = "/proc/nowhere"
        }) { test in
            try await overfill(test.system)
            try await test.system.expectNothingLeft()
        }
    }

    private func overfill(_ system: ClusterSystem) async throws {
        let first = try await system.put(Stoker.words(3 << 17, of: 1))
        let second = Shared<Stoker.Item?>(try await system.put(Stoker.words(4 << 17, of: 2)))
        for _ in 0..<3 {
            let error = await clusterError { _ = try await system.bytes(3 << 20) }
            #expect(error?.code == .outOfDisk)
            #expect(error?.message.contains("/proc/nowhere") == true, "\(String(describing: error))")
        }
        #expect(try await first.withSpan { Stoker.isRight($0, of: 1) })
        second.change { $0 = nil }
        let third = try await system.put(Stoker.words(4 << 17, of: 3))
        #expect(try await third.withSpan { Stoker.isRight($0, of: 3) })
        #expect(try await first.withSpan { Stoker.isRight($0, of: 1) })
    }
}
