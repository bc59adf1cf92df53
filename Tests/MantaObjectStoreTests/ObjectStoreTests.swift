import MantaCore
import MantaObjectStore
import Testing

/// What one client, and a few in one process, see of a store.
@Suite("An object store")
struct ObjectStoreTests {
    @Test("an object that is sealed is read as it was written, in every process that has the store open")
    func putAndGet() throws {
        let stores = try Stores(capacity: 1 << 20)
        let other = try stores.open()
        let id = stores.newID()
        let reservation = try #require(
            try stores.keeper.reserve(id, owner: anyOwner, byteCount: 5_000, lead: 7)
        )
        fill(reservation.bytes, seed: 1)
        #expect(try other.pin(id) == nil)
        #expect(try !other.contains(id))
        try reservation.seal()
        #expect(try other.contains(id))
        let pin = try #require(try other.pin(id))
        #expect(isFilled(pin.bytes, seed: 1))
        #expect(pin.bytes.count == 5_000)
        #expect(pin.lead == 7)
        #expect(pin.owner == anyOwner)
        #expect(pin.role == .primary)
        #expect(!pin.holdsReferences)
        #expect(try stores.faults() == [])
    }

    @Test("an object begins `lead` bytes behind a 64-byte boundary", arguments: [0, 1, 8, 63])
    func lead(lead: Int) throws {
        let stores = try Stores(capacity: 1 << 20)
        for byteCount in [0, 1, 63, 64, 65, 1_000] {
            let id = stores.newID()
            let reservation = try #require(
                try stores.keeper.reserve(id, owner: anyOwner, byteCount: byteCount, lead: lead)
            )
            #expect(reservation.bytes.count == byteCount)
            let start = try #require(reservation.bytes.baseAddress)
            #expect(Int(bitPattern: start) % 64 == lead)
            fill(reservation.bytes, seed: byteCount)
            try reservation.seal()
            let pin = try #require(try stores.keeper.pin(id))
            #expect(isFilled(pin.bytes, seed: byteCount))
            #expect(pin.lead == lead)
        }
        #expect(try stores.faults() == [])
    }

    @Test("what cannot be reserved says why")
    func refusals() throws {
        let stores = try Stores(capacity: 1 << 20)
        let store = stores.keeper
        let id = stores.newID()
        _ = try stores.put(id, byteCount: 100)
        expectError(.invalidArgument) { try store.reserve(id, owner: anyOwner, byteCount: 1) }
        expectError(.invalidArgument) { try store.reserve(stores.newID(), owner: anyOwner, byteCount: -1) }
        expectError(.invalidArgument) {
            try store.reserve(stores.newID(), owner: anyOwner, byteCount: 1, lead: 64)
        }
        expectError(.storeFull) { try store.reserve(stores.newID(), owner: anyOwner, byteCount: 1 << 21) }
        expectError(.storeFull) { try store.reserve(stores.newID(), owner: anyOwner, byteCount: .max) }
        expectError(.storeFull) {
            try store.reserve(stores.newID(), owner: anyOwner, byteCount: 1 << 20, lead: 1)
        }
        // It could fit, were it not for the other.
        #expect(try store.reserve(stores.newID(), owner: anyOwner, byteCount: 1 << 20) == nil)
        #expect(try store.free(id))
        #expect(try store.reserve(stores.newID(), owner: anyOwner, byteCount: 1 << 20) != nil)
        #expect(try stores.faults() == [])
    }

    @Test("a reservation that goes unsealed gives its memory back")
    func abandoned() throws {
        let stores = try Stores(capacity: 1 << 20)
        let id = stores.newID()
        var reservation = try stores.keeper.reserve(id, owner: anyOwner, byteCount: 1 << 20)
        #expect(reservation != nil)
        #expect(try stores.keeper.figures().usedByteCount == 1 << 20)
        reservation = nil
        #expect(try stores.keeper.figures().usedByteCount == 0)
        #expect(try stores.keeper.reserve(id, owner: anyOwner, byteCount: 1) != nil)
        #expect(try stores.faults() == [])
    }

    @Test("sealing twice is an error, and the object stays")
    func sealedTwice() throws {
        let stores = try Stores(capacity: 1 << 20)
        let id = stores.newID()
        let reservation = try #require(try stores.keeper.reserve(id, owner: anyOwner, byteCount: 10))
        try reservation.seal()
        expectError(.invalidArgument) { try reservation.seal() }
        #expect(try stores.keeper.contains(id))
    }

    @Test("a freed object stays for who reads it, is found by nobody else, and goes with its last pin")
    func doomed() throws {
        let stores = try Stores(capacity: 1 << 20)
        let other = try stores.open()
        let id = try stores.put(byteCount: 1_000)
        var mine = try stores.keeper.pin(id)
        var his = try other.pin(id)
        #expect(try other.free(id))
        #expect(try !other.free(id))
        #expect(try stores.keeper.pin(id) == nil)
        #expect(try other.pin(id) == nil)
        #expect(try !other.contains(id))
        let entry = try #require(try stores.keeper.entries().first)
        #expect(entry.isDoomed)
        #expect(entry.isSealed)
        #expect(entry.pinCount == 2)
        #expect(try stores.faults() == [])
        // Its id is free again: the same object may come back from elsewhere.
        _ = try stores.put(id, byteCount: 2_000)
        let again = try #require(try other.pin(id))
        #expect(again.bytes.count == 2_000)
        #expect(his?.bytes.count == 1_000)
        mine = nil
        his = nil
        #expect(mine == nil && his == nil)
        #expect(try stores.keeper.figures().objectCount == 1)
        #expect(try stores.faults() == [])
    }

    @Test(
        "an object that is freed while it is written goes when its writer is done",
        arguments: [true, false]
    )
    func doomedUnsealed(seals: Bool) throws {
        let stores = try Stores(capacity: 1 << 20)
        let id = stores.newID()
        var reservation = try stores.keeper.reserve(id, owner: anyOwner, byteCount: 1_000)
        #expect(try stores.keeper.free(id))
        #expect(try stores.keeper.figures().objectCount == 1)
        #expect(try stores.faults() == [])
        if seals { try reservation?.seal() }
        reservation = nil
        #expect(reservation == nil)
        #expect(try !stores.keeper.contains(id))
        #expect(try stores.keeper.figures().usedByteCount == 0)
        #expect(try stores.faults() == [])
    }

    @Test("a pin keeps the memory mapped when the store is let go of")
    func pinOutlivesStore() throws {
        let stores = try Stores(capacity: 1 << 20)
        let id = try stores.put(byteCount: 1_000)
        var other: ObjectStore? = try stores.open()
        var pin = try other?.pin(id)
        other = nil
        #expect(other == nil)
        #expect(try stores.keeper.takeBackFromTheDead() == [])
        let bytes = try #require(pin?.bytes)
        #expect(isFilled(bytes, seed: 0))
        #expect(try stores.keeper.figures().pinnedByteCount == 1_024)
        pin = nil
        #expect(pin == nil)
        #expect(try stores.keeper.figures().pinnedByteCount == 0)
        #expect(try stores.keeper.takeBackFromTheDead() == [])
    }

    @Test("all objects of an owner are freed, and nobody else's")
    func freeAll() throws {
        let stores = try Stores(capacity: 1 << 20)
        let ended = ProcessID(77)
        let kept = try stores.put(byteCount: 10)
        let gone = try stores.put(byteCount: 10, owner: ended)
        let read = try stores.put(byteCount: 10, owner: ended)
        let written = stores.newID()
        let pin = try stores.keeper.pin(read)
        let reservation = try stores.keeper.reserve(written, owner: ended, byteCount: 10)
        #expect(try stores.keeper.freeAll(ownedBy: ended) == 3)
        #expect(try stores.keeper.freeAll(ownedBy: ended) == 0)
        #expect(try stores.keeper.contains(kept))
        #expect(try !stores.keeper.contains(gone))
        #expect(pin?.bytes.count == 10)
        #expect(try stores.keeper.entries().count == 3)
        try reservation?.seal()
        #expect(try stores.keeper.entries().count == 2)
        #expect(try stores.faults() == [])
    }
}
