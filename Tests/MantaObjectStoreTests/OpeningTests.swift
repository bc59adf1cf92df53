import CMantaShims
import Glibc
import MantaCore
import Synchronization
import Testing

@testable import MantaObjectStore

/// Making a store, and finding out that something is none.
@Suite("Opening an object store")
struct OpeningTests {
    @Test("a store of no size, or of too large a one, is refused", arguments: [0, -1, .min, 1 << 45, .max])
    func capacity(capacity: Int) {
        expectError(.invalidArgument) { try ObjectStore.create(.init(capacity: capacity), keeper: anyOwner) }
        expectError(.incompatible) {
            try ObjectStore.open(.init(path: "/dev/null", capacity: capacity), as: anyOwner)
        }
    }

    @Test("a store larger than the machine's memory can be made: memory is taken when it is handed out")
    func huge() throws {
        let stores = try Stores(capacity: 1 << 40)
        _ = try stores.put(byteCount: 1_000)
        #expect(try stores.keeper.figures().capacity == 1 << 40)
        #expect(try stores.keeper.figures().reservedByteCount < 1 << 30)
        #expect(try stores.open().entries().count == 1)
    }

    @Test("a folder that is none gets a store all the same", arguments: ["/nowhere", "/proc", "/dev/null"])
    func fallback(directory: String) throws {
        let stores = try Stores(capacity: 1 << 20, directory: directory)
        let id = try stores.put(byteCount: 100_000)
        let pin = try #require(try stores.open().pin(id))
        #expect(isFilled(pin.bytes, seed: 0))
    }

    @Test("nothing is left in the folder, and nothing can be found there")
    func unnamed() throws {
        let stores = try Stores(capacity: 1 << 20)
        let file = try #require(stores.keeper.address.path.split(separator: "/").last.flatMap { Int32($0) })
        var status = stat()
        #expect(fstat(file, &status) == 0)
        #expect(status.st_nlink == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(fcntl(file, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test("a store whose keeper is gone is not connected")
    func gone() throws {
        // A capacity that no other store has: the file's number may be another one's by now, opened by another test.
        var stores: Stores? = try Stores(capacity: 1_234_567)
        let address = try #require(stores?.keeper.address)
        stores = nil
        #expect(stores == nil)
        expectError(.notConnected) {
            try ObjectStore.open(.init(path: "/proc/0/fd/3", capacity: 1), as: anyOwner)
        }
        let error = #expect(throws: ClusterError.self) { try ObjectStore.open(address, as: anyOwner) }
        #expect(error?.code == .notConnected || error?.code == .incompatible)
    }

    @Test("what is no store is told apart from one", arguments: ["empty", "zero", "text", "folder", "pipe"])
    func noStore(kind: String) throws {
        let address: ObjectStore.Address
        var file: Int32 = -1
        switch kind {
        case "folder": file = open("/tmp", O_RDONLY)
        case "pipe":
            var ends: [Int32] = [-1, -1]
            #expect(pipe(&ends) == 0)
            file = ends[0]
            close(ends[1])
        default:
            file = manta_memory_file("test")
            if kind == "zero" { #expect(manta_file_grow(file, 10 << 20) == 0) }
            if kind == "text" { _ = write(file, String(repeating: "no store ", count: 100), 900) }
        }
        defer { close(file) }
        address = .init(path: "/proc/self/fd/\(file)", capacity: 1 << 20)
        let error = #expect(throws: ClusterError.self) { try ObjectStore.open(address, as: anyOwner) }
        #expect(error?.code == (kind == "folder" ? .notConnected : .incompatible))
    }

    @Test("another version, capacity or length is incompatible, and says so")
    func incompatible() throws {
        let stores = try Stores(capacity: 1 << 20)
        let address = stores.keeper.address
        func message(_ address: ObjectStore.Address) -> String? {
            let error = #expect(throws: ClusterError.self) { try ObjectStore.open(address, as: anyOwner) }
            #expect(error?.code == .incompatible)
            return error?.message
        }
        #expect(
            message(.init(path: address.path, capacity: 1 << 21))?.contains("capacity is 1048576") == true
        )
        let base = stores.keeper.tables.base
        manta_put32(base + 8, 2)
        #expect(message(address)?.contains("version 2") == true)
        manta_put32(base + 8, 1)
        manta_put64(base + 72, 4)
        #expect(message(address)?.contains("tables") == true)
        manta_put64(base + 72, UInt64(stores.keeper.tables.layout.recordsOffset))
        manta_put64(base, 1)
        #expect(message(address)?.contains("no object store") == true)
        manta_put64(base, StoreLayout.magic)
        let copy = manta_memory_file("test")
        defer { close(copy) }
        #expect(write(copy, base, 4_096) == 4_096)
        #expect(
            message(.init(path: "/proc/self/fd/\(copy)", capacity: 1 << 20))?.contains("4096 bytes") == true
        )
        #expect(try stores.open().entries().isEmpty)
    }

    @Test("as many clients as there are slots can have it open, and a slot is free again when one leaves")
    func slots() throws {
        let stores = try Stores(capacity: 1 << 20)
        var clients = try (1..<StoreLayout.clientLimit).map { _ in try stores.open() }
        #expect(Set(clients.map(\.slot)).count == clients.count)
        expectError(.overloaded) { try stores.open() }
        let left = clients.remove(at: 500).slot
        #expect(try stores.open().slot == left)
        #expect(try stores.keeper.takeBackFromTheDead() == [])
        #expect(try stores.faults() == [])
    }

    @Test("many tasks open, write, read and close at once")
    func atOnce() async throws {
        let stores = try Stores(capacity: 4 << 20)
        let address = stores.keeper.address
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 1...8 {
                group.addTask {
                    let process = ProcessID(UInt64(0x200 + task))
                    for round in 1...40 {
                        let store = try ObjectStore.open(address, as: process)
                        let id = ObjectID(creator: process, serial: UInt64(round))
                        let reservation = try #require(
                            try store.reserve(id, owner: process, byteCount: 5_000)
                        )
                        fill(reservation.bytes, seed: round)
                        try reservation.seal()
                        let pin = try #require(try store.pin(id))
                        try store.free(id)
                        #expect(isFilled(pin.bytes, seed: round))
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try stores.keeper.entries() == [])
        #expect(try stores.faults() == [])
    }

    @Test("many tasks share one store's pins, while others free what they read")
    func sharedPins() async throws {
        let stores = try Stores(capacity: 4 << 20)
        let other = try stores.open()
        let keeper = stores.keeper
        let ids = try (0..<4).map { _ in try stores.put(byteCount: 3_000) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<6 {
                group.addTask {
                    for round in 0..<400 {
                        let id = ids[(round + task) % ids.count]
                        if task == 5 {
                            try other.free(id)
                            guard let again = try other.reserve(id, owner: anyOwner, byteCount: 3_000) else {
                                continue
                            }
                            fill(again.bytes, seed: 0)
                            try again.seal()
                        } else if let pin = try (task % 2 == 0 ? keeper : other).pin(id) {
                            #expect(isFilled(pin.bytes, seed: 0))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(keeper.pins.withLock { $0.isEmpty })
        #expect(try stores.keeper.figures().pinnedByteCount == 0)
        #expect(try stores.faults() == [])
    }
}
