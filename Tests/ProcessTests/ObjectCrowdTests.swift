import Distributed
import Manta
import MantaTestSupport
import Testing

@Suite("many objects", .timeLimit(.minutes(10)))
struct ObjectCrowdTests {
    @Test("ten thousand references in one result are counted, passed on and let go")
    func inOneResult() async throws {
        try await withCluster { test in
            let system = test.system
            let (one, two) = (try await system.shelf(), try await system.shelf())
            try await passMany(one, two)
            #expect(try await system.objects().count == 10_000)
            try await one.drop()
            #expect(try await two.count == 10_000)
            try await two.drop()
            try await system.expectNothingLeft()
        }
    }

    private func passMany(_ one: Shelf, _ two: Shelf) async throws {
        let items = try await one.makeMany(10_000)
        #expect(Set(items).count == 10_000)
        try await one.keep(items)
        try await two.keep(items)
        #expect(try await items[9_999].get() == [UInt8(9_999 % 256)])
    }

    @Test("a list of objects, each the tail of the one before, is freed at once")
    func list() async throws {
        try await withCluster { test in
            try await makeList(5_000, test.system)
            try await test.system.expectNothingLeft()
        }
    }

    struct Link: Codable, Sendable {
        var number: Int
        var next: [ObjectRef<Link>]
    }

    private func makeList(_ count: Int, _ system: ClusterSystem) async throws {
        var head: ObjectRef<Link>?
        for number in 0..<count {
            head = try await system.put(Link(number: number, next: head.map { [$0] } ?? []))
        }
        let first = try #require(head)
        var link = try await first.get()
        for _ in 0..<10 { link = try await #require(link.next.first).get() }
        #expect(link.number == count - 11)
    }

    @Test("many who put into a store without room for all of them take turns, and none is forgotten")
    func turns() async throws {
        try await withCluster({ configuration in
            configuration.storeCapacity = 8 << 20
            configuration.spillDirectory = nil
        }) { test in
            let system = test.system
            let stoker = try await system.spawn(Stoker.self, options: .init(isolation: .process))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for seed in 0..<24 {
                    group.addTask { try await self.takeTurns(UInt64(seed), stoker, system) }
                }
                try await group.waitForAll()
            }
            try await system.expectNothingLeft()
        }
    }

    private func takeTurns(_ seed: UInt64, _ stoker: Stoker, _ system: ClusterSystem) async throws {
        for step in 0..<3 {
            let seed = seed * 10 + UInt64(step)
            let item: Stoker.Item
            if seed.isMultiple(of: 2) {
                item = try await stoker.make(3 << 17, of: seed)
            } else {
                item = try await system.put(Stoker.words(3 << 17, of: seed))
            }
            #expect(try await item.withSpan { Stoker.isRight($0, of: seed) })
        }
    }

    @Test("what is put is ready: wait sorts it out, each once, in order")
    func waiting() async throws {
        try await withCluster { test in
            let system = test.system
            var items: [Shelf.Item] = []
            for byte in 0..<5 { items.append(try await system.bytes(1, of: UInt8(byte))) }
            let (ready, pending) = try await system.wait(for: items + items, count: 3)
            #expect(ready == Array(items[..<3]))
            #expect(pending == Array(items[3...]))
            #expect(try await system.wait(for: items, count: 99).ready == items)
            #expect(try await system.wait(for: items, count: 0).pending == items)
            #expect(try await system.wait(for: [Shelf.Item](), count: 1).ready == [])
            let error = await clusterError { _ = try await system.wait(for: items, count: -1) }
            #expect(error?.code == .invalidArgument)
            // Ready means that it can be read at once, or is gone for good.
            #expect(try await items[0].get(timeout: .zero) == [0])
        }
    }
}
