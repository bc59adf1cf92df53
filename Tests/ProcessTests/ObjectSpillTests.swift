import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("objects and the disk", .timeLimit(.minutes(10)))
struct ObjectSpillTests {
    /// How many words an object of 2 MiB has.
    static let words = 1 << 18

    @Test("three times what the store holds is put, read in place and checked by four processes at once")
    func workingSet() async throws {
        try await withSpillFolder { folder in
            try await withCluster({ configuration in
                configuration.storeCapacity = 24 << 20
                configuration.spillDirectory = folder
            }) { test in
                let system = test.system
                var stokers: [Stoker] = []
                for _ in 0..<3 {
                    stokers.append(try await system.spawn(Stoker.self, options: .init(isolation: .process)))
                }
                try await churn(stokers, system)
                try await system.expectNothingLeft()
            }
        }
    }

    private func churn(_ stokers: [Stoker], _ system: ClusterSystem) async throws {
        let known = Shared<[(item: Stoker.Item, seed: UInt64)]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, stoker) in stokers.enumerated() {
                group.addTask {
                    for step in 0..<9 {
                        let seed = UInt64(index * 1000 + step)
                        let item = try await stoker.make(Self.words, of: seed)
                        known.change { $0.append((item, seed)) }
                    }
                }
                for task in 0..<2 {
                    group.addTask { try await self.read(known, by: stoker, UInt64(index * 2 + task)) }
                }
            }
            group.addTask { try await self.read(known, by: nil, 99) }
            for step in 0..<9 {
                let seed = UInt64(9000 + step)
                let item = try await system.put(Stoker.words(Self.words, of: seed))
                known.change { $0.append((item, seed)) }
            }
            try await group.waitForAll()
        }
        #expect(known.value.count == 36)
        let listed = try await system.objects()
        #expect(listed.count == 36)
        #expect(listed.contains { $0.copy == .spilled })
        // In the order in which they came, so that the first one had to go.
        for (item, seed) in known.value { #expect(try await item.withSpan { Stoker.isRight($0, of: seed) }) }
    }

    /// Reads what is there so far, in an order of its own, until all is there, and once more.
    private func read(
        _ known: Shared<[(item: Stoker.Item, seed: UInt64)]>,
        by stoker: Stoker?,
        _ number: UInt64
    ) async throws {
        var random = SeededRandom(seed: number)
        var reads = 0
        while reads < 30 {
            guard let (item, seed) = known.value.randomElement(using: &random) else {
                await Task.yield()
                continue
            }
            reads += 1
            let isRight: Bool
            if let stoker {
                isRight = try await stoker.check(item, of: seed)
            } else {
                isRight = try await item.withSpan { Stoker.isRight($0, of: seed) }
            }
            #expect(isRight, "\(item.id) does not hold what was put")
        }
    }

    /// What becomes of the file of a spilled object.
    enum Damage: CaseIterable { case byteChanged, cutShort, removed, emptied }

    @Test("a damaged file is the loss of its object, and of no other", arguments: Damage.allCases)
    func damage(damage: Damage) async throws {
        try await withSpillFolder { folder in
            try await withCluster({ configuration in
                configuration.storeCapacity = 8 << 20
                configuration.spillDirectory = folder
            }) { test in
                try await loseOne(damage, folder, test.system)
                try await test.system.expectNothingLeft()
            }
        }
    }

    private func loseOne(_ damage: Damage, _ folder: String, _ system: ClusterSystem) async throws {
        var items: [Stoker.Item] = []
        for seed in 0..<8 { items.append(try await system.put(Stoker.words(Self.words, of: UInt64(seed)))) }
        let spilled = try await system.objects().filter { $0.copy == .spilled }
        let victim = try #require(spilled.first)
        let number = try #require(items.firstIndex { $0.id == victim.id })
        try harm(try file(of: victim.id, in: folder), damage)
        for _ in 0..<2 {
            let error = await clusterError { _ = try await items[number].get() }
            #expect(error?.code == .objectLost, "\(String(describing: error))")
        }
        for (seed, item) in items.enumerated() where seed != number {
            #expect(try await item.withSpan { Stoker.isRight($0, of: UInt64(seed)) })
        }
    }

    private func file(of id: ObjectID, in folder: String) throws -> URL {
        let files = FileManager.default.enumerator(
            at: URL(fileURLWithPath: folder),
            includingPropertiesForKeys: nil
        )
        let match = files?.first { ($0 as? URL)?.lastPathComponent == "\(id)" } as? URL
        return try #require(match)
    }

    private func harm(_ file: URL, _ damage: Damage) throws {
        let handle = try FileHandle(forUpdating: file)
        defer { try? handle.close() }
        let size = try handle.seekToEnd()
        switch damage {
        case .byteChanged:
            try handle.seek(toOffset: size / 2)
            let byte = try #require(try handle.read(upToCount: 1)?.first)
            try handle.seek(toOffset: size / 2)
            try handle.write(contentsOf: [byte ^ 0x40])
        case .cutShort: try handle.truncate(atOffset: size - 1000)
        case .emptied: try handle.truncate(atOffset: 0)
        case .removed: try FileManager.default.removeItem(at: file)
        }
    }
}

/// Runs `body` with a folder for spilled objects, in which nothing may be left, nor in that for shared memory.
func withSpillFolder(_ body: (String) async throws -> Void) async throws {
    let folder = "/tmp/manta-test-spill-\(UUID().uuidString.prefix(8))"
    try await body(folder)
    let left = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    #expect(left == [])
    try? FileManager.default.removeItem(atPath: folder)
}
