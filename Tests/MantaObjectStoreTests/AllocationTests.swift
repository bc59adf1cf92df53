import MantaCore
import Testing

@testable import MantaObjectStore

/// Where objects are placed.
@Suite("The memory of an object store")
struct AllocationTests {
    private func offset(_ reservation: Reservation?, in store: ObjectStore) throws -> Int {
        let start = try #require(reservation?.bytes.baseAddress)
        return start - (store.tables.base + store.tables.layout.dataOffset)
    }

    private func reserve(_ stores: Stores, _ byteCount: Int) throws -> Reservation {
        try #require(try stores.keeper.reserve(stores.newID(), owner: anyOwner, byteCount: byteCount))
    }

    @Test("freed memory is used again before new memory, the latest first")
    func reuse() throws {
        let stores = try Stores(capacity: 1 << 20)
        var freed: [Reservation?] = []
        var others: [Reservation] = []
        for _ in 0..<3 {
            freed.append(try reserve(stores, 10_000))
            others.append(try reserve(stores, 64))
        }
        let offsets = try freed.map { try offset($0, in: stores.keeper) }
        let top = stores.keeper.tables.header.top
        for index in [0, 2, 1] { freed[index] = nil }
        let again = try (0..<3).map { _ in try reserve(stores, 10_000) }
        #expect(try again.map { try offset($0, in: stores.keeper) } == [offsets[1], offsets[2], offsets[0]])
        #expect(stores.keeper.tables.header.top == top)
        #expect(try stores.faults() == [])
        withExtendedLifetime((others, again)) {}
    }

    @Test(
        "freed neighbours become one, whichever goes first",
        arguments: [[0, 1, 2], [0, 2, 1], [1, 2, 0], [2, 1, 0]]
    )
    func coalescing(order: [Int]) throws {
        let stores = try Stores(capacity: 1 << 20)
        let fence = try reserve(stores, 64)
        var freed: [Reservation?] = try (0..<3).map { _ in try reserve(stores, 1_000) }
        let other = try reserve(stores, 64)
        let start = try offset(freed[0], in: stores.keeper)
        for index in order {
            freed[index] = nil
            #expect(try stores.faults() == [])
        }
        let one = try reserve(stores, 3 * 1_024)
        #expect(try offset(one, in: stores.keeper) == start)
        withExtendedLifetime((fence, other)) {}
    }

    @Test("a smaller object cuts off what it needs, and an extent at the end is lengthened")
    func cutting() throws {
        let stores = try Stores(capacity: 1 << 20)
        var first: Reservation? = try reserve(stores, 1_000)
        let fence = try reserve(stores, 64)
        first = nil
        #expect(first == nil)
        let parts = try [reserve(stores, 500), reserve(stores, 500)]
        #expect(try parts.map { try offset($0, in: stores.keeper) } == [0, 512])
        var last: Reservation? = try reserve(stores, 1_000)
        let end = try offset(last, in: stores.keeper)
        last = nil
        #expect(last == nil)
        #expect(try offset(try reserve(stores, 5_000), in: stores.keeper) == end)
        #expect(try stores.faults() == [])
        withExtendedLifetime(fence) {}
    }

    @Test("an object as large as the store fits when it is empty, whatever was there before")
    func whole() throws {
        let stores = try Stores(capacity: 1 << 20)
        for byteCount in [1, 1_000, 100_000] {
            let ids = try (0..<5).map { _ in try stores.put(byteCount: byteCount) }
            for id in ids { try stores.keeper.free(id) }
            #expect(try stores.keeper.figures().usedByteCount == 0)
            _ = try reserve(stores, 1 << 20)
        }
        #expect(try stores.faults() == [])
    }

    @Test("an extent of a higher class is at least as large as any of a lower one")
    func classes() {
        var last = 0
        for units in 1...70_000 {
            let sizeClass = SizeClass.of(units * 64)
            #expect(sizeClass == last || sizeClass == last + 1)
            last = sizeClass
        }
        #expect(SizeClass.of(StoreLayout.capacityLimit) < SizeClass.count)
        #expect((1...32).map { SizeClass.of($0 * 64) } == Array(1...32))
    }
}
