import CMantaShims
import Glibc
import MantaCore
import MantaObjectStore
import Testing

/// What the keeper of a store does.
@Suite("The keeper of an object store")
struct KeeperTests {
    @Test("victims are what nobody pins, copies first, the least recently used first, and enough")
    func victims() throws {
        let stores = try Stores(capacity: 1 << 20)
        let primaries = try (0..<3).map { _ in try stores.put(byteCount: 1_000) }
        let copies = try (0..<3).map { _ in try stores.put(byteCount: 1_000, role: .copy) }
        let pin = try stores.keeper.pin(primaries[1])
        // Reading makes it the latest of its kind.
        _ = try stores.keeper.pin(copies[0])
        let doomed = try stores.put(byteCount: 1_000)
        let reader = try stores.keeper.pin(doomed)
        try stores.keeper.free(doomed)
        let written = try stores.keeper.reserve(stores.newID(), owner: anyOwner, byteCount: 1_000)
        let due = [copies[1], copies[2], copies[0], primaries[0], primaries[2]]
        for byteCount in [0, 1, 1_024, 1_025, 4 * 1_024, 1 << 20] {
            let victims = try stores.keeper.victims(byteCount: byteCount).map(\.id)
            #expect(victims == Array(due.prefix((byteCount + 1_023) / 1_024)))
        }
        withExtendedLifetime((pin, reader, written)) {}
    }

    @Test("only a copy that nobody pins is evicted")
    func evict() throws {
        let stores = try Stores(capacity: 1 << 20)
        let primary = try stores.put(byteCount: 10)
        let copy = try stores.put(byteCount: 10, role: .copy)
        var pin = try stores.open().pin(copy)
        let written = stores.newID()
        let reservation = try stores.keeper.reserve(written, owner: anyOwner, byteCount: 10, role: .copy)
        #expect(try !stores.keeper.evict(primary))
        #expect(try !stores.keeper.evict(copy))
        #expect(try !stores.keeper.evict(written))
        #expect(try !stores.keeper.evict(stores.newID()))
        #expect(pin?.role == .copy)
        pin = nil
        #expect(try stores.keeper.evict(copy))
        #expect(try !stores.keeper.contains(copy))
        #expect(try stores.faults() == [])
        withExtendedLifetime((pin, reservation)) {}
    }

    @Test("surrendering the only pin frees the object")
    func surrender() throws {
        let stores = try Stores(capacity: 1 << 20)
        let id = try stores.put(byteCount: 10)
        let pin = try #require(try stores.keeper.pin(id))
        #expect(try stores.keeper.surrender(pin))
        #expect(pin.bytes.isEmpty)
        #expect(try !stores.keeper.contains(id))
        expectError(.invalidArgument) { try stores.keeper.surrender(pin) }
        #expect(try stores.faults() == [])
    }

    @Test("surrendering one of several pins, in this or another process, or of a doomed object, only unpins")
    func surrenderOfMany() throws {
        let stores = try Stores(capacity: 1 << 20)
        let other = try stores.open()
        let id = try stores.put(byteCount: 10)
        for holder in [stores.keeper, other] {
            let reader = try #require(try holder.pin(id))
            #expect(try !stores.keeper.surrender(try #require(try stores.keeper.pin(id))))
            #expect(try stores.keeper.contains(id))
            #expect(try stores.keeper.entries().first?.pinCount == 1)
            withExtendedLifetime(reader) {}
        }
        expectError(.invalidArgument) { try stores.keeper.surrender(try #require(try other.pin(id))) }
        let pin = try #require(try stores.keeper.pin(id))
        try other.free(id)
        #expect(try !stores.keeper.surrender(pin))
        #expect(try stores.keeper.entries() == [])
        #expect(try stores.faults() == [])
    }

    @Test(
        "an object that has got another owner since it was pinned is not surrendered: what was written of it is wrong"
    )
    func surrenderOfGiven() throws {
        let stores = try Stores(capacity: 1 << 20)
        let heir = ProcessID(77)
        let id = try stores.put(byteCount: 10)
        let pin = try #require(try stores.keeper.pin(id))
        #expect(try stores.open().give(id, to: heir))
        #expect(pin.owner == anyOwner)
        #expect(try !stores.keeper.surrender(pin))
        #expect(try stores.keeper.entries().map(\.owner) == [heir])
        #expect(try stores.keeper.entries().first?.pinCount == 0)
        // Another time it is right.
        #expect(try stores.keeper.surrender(try #require(try stores.keeper.pin(id))))
        #expect(try stores.keeper.entries() == [])
        #expect(try stores.faults() == [])
    }

    @Test("the sums are those of the entries, and of the system")
    func figures() throws {
        let stores = try Stores(capacity: 8 << 20)
        var held: [ObjectPin?] = []
        for index in 0..<2_000 {
            let id = try stores.put(byteCount: index)
            if index % 3 == 0 { try stores.keeper.free(id) }
            if index % 3 == 1 { held.append(try stores.keeper.pin(id)) }
            if index % 500 == 0 { try Self.checkSums(stores) }
        }
        try Self.checkSums(stores)
        #expect(stores.keeper.prepare(byteCount: 3 << 20) > 0)
        #expect(stores.keeper.prepare(byteCount: 3 << 20) == 0)
        #expect(stores.keeper.prepare(byteCount: 0) == 0)
        #expect(stores.keeper.prepare(byteCount: .min) == 0)
        try Self.checkSums(stores)
        #expect(stores.keeper.prepare(byteCount: .max) > 0)
        try Self.checkSums(stores)
    }

    /// The sums of the entries, and what the system says that the file takes.
    static func checkSums(_ stores: Stores) throws {
        #expect(try stores.faults() == [])
        let figures = try stores.keeper.figures()
        let pinned = try stores.keeper.entries().filter { $0.pinCount > 0 }
        #expect(figures.pinnedByteCount == pinned.map(\.allocatedByteCount).reduce(0, +))
        let file = manta_reopen(stores.keeper.address.path)
        defer { close(file) }
        var allocated: UInt64 = 0
        #expect(manta_file_size(file, &allocated) > 0)
        #expect(figures.reservedByteCount == Int(allocated))
    }
}
