import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("objects that are on the disk", .timeLimit(.minutes(10)))
struct ObjectSpillEndTests {
    /// Of 2 MiB each, in stores of 8 MiB.
    private static let words = 1 << 18

    private func withSmallStore(
        nodes: Int = 1,
        _ body: (ClusterSystem, _ folder: String) async throws -> Void
    ) async throws {
        try await withSpillFolder { folder in
            try await withCluster(
                nodes: nodes,
                { configuration in
                    configuration.storeCapacity = 8 << 20
                    configuration.spillDirectory = folder
                }
            ) { test in
                try await body(test.system, folder)
                try await test.system.expectNothingLeft()
                try await eventually { try files(in: folder).isEmpty }
            }
        }
    }

    /// Those of objects.
    private func files(in folder: String) throws -> [URL] {
        let all = FileManager.default.enumerator(
            at: URL(fileURLWithPath: folder),
            includingPropertiesForKeys: nil
        )
        return (all?.compactMap { $0 as? URL } ?? []).filter { $0.lastPathComponent.hasPrefix("object-") }
    }

    @Test("their files go with their last references, while the cluster runs")
    func filesGo() async throws {
        try await withSmallStore { system, folder in
            let items = Shared<[Stoker.Item]>([])
            for seed in 0..<10 {
                let item = try await system.put(Stoker.words(Self.words, of: UInt64(seed)))
                items.change { $0.append(item) }
            }
            #expect(try files(in: folder).count >= 6)
            items.change { $0.removeFirst(5) }
            try await eventually { try await system.objects().count == 5 }
            try await eventually { try files(in: folder).count <= 5 }
            for (offset, item) in items.value.enumerated() {
                #expect(try await item.withSpan { Stoker.isRight($0, of: UInt64(offset + 5)) })
            }
        }
    }

    @Test("their files go with their makers, but not those of the node's objects")
    func makerKilled() async throws {
        try await withSmallStore { system, folder in
            try await killMaker(system, folder)
        }
    }

    private func killMaker(_ system: ClusterSystem, _ folder: String) async throws {
        let mule = try await system.spawn(Mule.self, options: .init(isolation: .process))
        var own: [Mule.Load] = []
        var lasting: [Mule.Load] = []
        for seed in 0..<5 {
            own.append(try await mule.make(Self.words, of: UInt64(seed), owner: .process))
            lasting.append(try await mule.make(Self.words, of: UInt64(seed), owner: .node))
        }
        #expect(try files(in: folder).count >= 6)
        kill(try await mule.process(), SIGKILL)
        try await eventually { try await system.objects().count == 5 }
        try await eventually { try files(in: folder).count <= 5 }
        for load in lasting { #expect(try await load.item.withSpan { Stoker.isRight($0, of: load.seed) }) }
        for load in own {
            #expect(await clusterError { _ = try await load.item.get() }?.code == .ownerDied)
        }
    }

    @Test("what they refer to is there when they are read again")
    func references() async throws {
        try await withSmallStore { system, _ in
            let mule = try await system.spawn(Mule.self, options: .init(isolation: .process))
            try await packAndSpill(mule, system)
            try await mule.drop()
        }
    }

    private func packAndSpill(_ mule: Mule, _ system: ClusterSystem) async throws {
        var packs: [ObjectRef<Mule.Pack>] = []
        for seed in 0..<4 {
            let item = try await system.put(Stoker.words(1_000, of: UInt64(seed)))
            let load = Mule.Load(item: item, seed: UInt64(seed))
            packs.append(try await system.put(Mule.Pack(loads: [load], inner: packs)))
        }
        for seed in 0..<8 { _ = try await mule.make(Self.words, of: UInt64(seed), owner: .process) }
        try await eventually {
            let spilled = Set(try await system.objects().filter { $0.copy == .spilled }.map(\.id))
            return packs.allSatisfy { spilled.contains($0.id) }
        }
        let last = try #require(packs.last)
        packs = []
        // One of its own, and those of the packs inside, each of which holds all before it; and the mule's eight each time.
        let count = try await mule.unpack(last)
        #expect(count >= 8)
    }

    @Test("other nodes read them from there, and a damaged one is lost to them, too")
    func otherNode() async throws {
        try await withSmallStore(nodes: 2) { system, folder in
            try await readElsewhere(system, folder)
        }
    }

    private func readElsewhere(_ system: ClusterSystem, _ folder: String) async throws {
        let other = try await system.nodes()[1].id
        let options = ActorOptions(isolation: .process, placement: .node(other))
        let stoker = try await system.spawn(Stoker.self, options: options)
        var items: [Stoker.Item] = []
        for seed in 0..<8 {
            items.append(try await system.put(Stoker.words(Self.words, of: UInt64(seed))))
        }
        let victim = try #require(try files(in: folder).first)
        let handle = try FileHandle(forUpdating: victim)
        try handle.seek(toOffset: 1 << 20)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: 16))
        try handle.close()
        for (seed, item) in items.enumerated() {
            if victim.lastPathComponent == "\(item.id)" {
                let error = await clusterError { _ = try await stoker.check(item, of: UInt64(seed)) }
                #expect(error?.code == .objectLost, "\(String(describing: error))")
            } else {
                #expect(try await stoker.check(item, of: UInt64(seed)))
            }
        }
    }
}
