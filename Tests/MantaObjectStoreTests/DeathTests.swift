import Glibc
import MantaCore
import MantaObjectStore
import MantaTestSupport
import Testing

/// What becomes of what processes had that end or stand still.
@Suite("Processes that share an object store")
struct DeathTests {
    @Test("a dead process's pins and reservations are taken back, and what it sealed stays")
    func dead() async throws {
        try await withLedger {
            let stores = try Stores(capacity: 1 << 20)
            let id = try stores.put(byteCount: 1_000)
            let process = ProcessID(0x77)
            let holder = try TortureProcess([
                "hold", stores.keeper.address.path, String(stores.keeper.address.capacity),
                "\(process.rawValue)",
            ])
            try await eventually { holder.printed() == "ready\n" }
            #expect(try stores.keeper.takeBackFromTheDead() == [])
            #expect(try stores.keeper.figures().objectCount == 3)
            #expect(try stores.keeper.figures().pinnedByteCount == 1_024)
            // It is pinned, so it is only doomed; the death of who pins it frees it.
            #expect(try stores.keeper.free(id))
            holder.signal(SIGKILL)
            #expect(try await holder.end() == .killed(SIGKILL))
            #expect(try stores.keeper.takeBackFromTheDead() == [process])
            #expect(try stores.keeper.takeBackFromTheDead() == [])
            #expect(try stores.keeper.entries().map(\.id) == [ObjectID(creator: process, serial: 1)])
            #expect(try stores.keeper.figures().pinnedByteCount == 0)
            #expect(try stores.faults() == [])
        }
    }

    @Test("a process that is stopped while it has the lock is named, and nobody waits for it for long")
    func stopped() async throws {
        try await withLedger {
            let options = ObjectStore.Options(capacity: 16 << 20)
            let store = try ObjectStore.create(options, keeper: ProcessID(1), patience: .milliseconds(50))
            let kept = ObjectID(creator: ProcessID(1), serial: 1)
            try #require(try store.reserve(kept, owner: anyOwner, byteCount: 10)).seal()
            var pin = try store.pin(kept)
            var reservation = try store.reserve(
                ObjectID(creator: ProcessID(1), serial: 2),
                owner: anyOwner,
                byteCount: 10
            )
            var many: [Reservation?] = try (10..<110).map { serial in
                try store.reserve(
                    ObjectID(creator: ProcessID(1), serial: serial),
                    owner: anyOwner,
                    byteCount: 10
                )
            }
            let child = try TortureProcess([
                "script", store.address.path, String(store.address.capacity), "3", "\(SIGSTOP)",
            ])
            #expect(try await child.end() == .stopped)
            let error = await clusterError { _ = try store.figures() }
            #expect(error?.code == .overloaded)
            #expect(error?.message.contains("\(child.process)") == true)
            expectError(.overloaded) { try store.pin(ObjectID(creator: ProcessID(1), serial: 3)) }
            expectError(.overloaded) { try ObjectStore.open(store.address, as: anyOwner, patience: .zero) }
            // What is let go of meanwhile is given back later.
            #expect(pin?.bytes.count == 10)
            pin = nil
            reservation = nil
            #expect(pin == nil && reservation == nil)
            many = []
            #expect(many.isEmpty)
            child.signal(SIGCONT)
            #expect(try await child.end() == .exited(0))
            #expect(child.printed().contains("steps "))
            _ = try store.figures()
            #expect(try store.figures().pinnedByteCount == 0)
            #expect(try store.entries().allSatisfy(\.isSealed))
            #expect(try store.audit() == [])
        }
    }
}
