import CMantaShims
import Glibc
import MantaCore
import MantaObjectStore
import Testing

/// A store in a file system that is smaller than the store's capacity.
@Suite(
    "An object store in a file system that is full",
    .enabled(if: SmallFileSystem.isPossible, "needs to mount one")
)
struct FullTests {
    @Test("it fills up with an error, what is in it stays whole, and freed memory serves again")
    func fills() throws {
        let system = try SmallFileSystem(byteCount: 4 << 20)
        let stores = try Stores(capacity: 64 << 20, directory: system.path)
        var ids: [ObjectID] = []
        let error = #expect(throws: ClusterError.self) {
            for _ in 0..<1_000 { ids.append(try stores.put(byteCount: 100_000)) }
        }
        #expect(error?.code == .storeFull)
        #expect(error?.message.contains(system.path) == true)
        #expect(error?.hint != nil)
        #expect(ids.count > 20 && ids.count < 42)
        #expect(stores.keeper.prepare(byteCount: 1 << 20) == 0)
        expectError(.storeFull) { try stores.put(byteCount: 50 << 20) }
        for id in ids {
            let pin = try #require(try stores.keeper.pin(id))
            #expect(isFilled(pin.bytes, seed: 0))
        }
        #expect(try stores.keeper.figures().objectCount == ids.count)
        #expect(try stores.faults() == [])
        try stores.keeper.free(ids[3])
        _ = try stores.put(byteCount: 100_000)
        #expect(try stores.faults() == [])
    }

    @Test("small objects, and pins, end with an error when there is no memory to note them")
    func tables() throws {
        let system = try SmallFileSystem(byteCount: 4 << 20)
        let stores = try Stores(capacity: 64 << 20, directory: system.path)
        _ = try stores.put(byteCount: 64)
        // From here on there is memory for what is reserved, and none for more.
        let rest = try system.takeRest()
        var ids: [ObjectID] = []
        expectError(.storeFull) { while true { ids.append(try stores.put(byteCount: 64)) } }
        // One of the first 512 records is none, and one was there. What data had left over serves for more of them.
        #expect(ids.count >= 510)
        var pins: [ObjectPin?] = []
        var clients: [ObjectStore] = []
        expectError(.storeFull) {
            for _ in 0..<20 {
                let client = try stores.open()
                clients.append(client)
                for id in ids { pins.append(try client.pin(id)) }
            }
        }
        #expect(pins.count >= 8_191)
        #expect(try stores.faults() == [])
        close(rest)
        ids.append(try stores.put(byteCount: 64))
        #expect(try clients.last?.pin(ids[509]) != nil)
        #expect(try stores.faults() == [])
    }

    @Test(
        "memory that was prepared and not used serves the tables when there is no other",
        arguments: [true, false]
    )
    func preparedTooMuch(isFreed: Bool) throws {
        let system = try SmallFileSystem(byteCount: 8 << 20)
        let stores = try Stores(capacity: 64 << 20, directory: system.path)
        let kept = try stores.put(byteCount: 1_000)
        if isFreed {
            // The memory is that of a freed object, which is at the end.
            try stores.keeper.free(try stores.put(byteCount: 2 << 20))
        }
        #expect(stores.keeper.prepare(byteCount: .max) > 0)
        let rest = try system.takeRest()
        for _ in 0..<2_000 { _ = try stores.put(byteCount: 64) }
        let pin = try #require(try stores.keeper.pin(kept))
        #expect(isFilled(pin.bytes, seed: 0))
        #expect(try stores.keeper.figures().objectCount == 2_001)
        #expect(try stores.faults() == [])
        try KeeperTests.checkSums(stores)
        close(rest)
    }

    @Test("a file system without room for the tables is told at once")
    func tiny() throws {
        let system = try SmallFileSystem(byteCount: 64 << 10)
        expectError(.storeFull) { try Stores(capacity: 1 << 20, directory: system.path) }
    }
}

/// A `tmpfs` of a test's own.
final class SmallFileSystem {
    let path: String

    static let isPossible: Bool = (try? SmallFileSystem(byteCount: 64 << 10)) != nil

    init(byteCount: Int) throws {
        var template = Array("/tmp/manta-store-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard mount("manta-test", path, "tmpfs", 0, "size=\(byteCount)") == 0 else {
            rmdir(path)
            throw ClusterError(.invalidArgument, "cannot mount a tmpfs: error \(errno)")
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    /// Takes all that is left of it, until the descriptor is closed.
    func takeRest() throws -> Int32 {
        let file = manta_unnamed_file(path)
        try #require(file >= 0)
        var offset: UInt64 = 0
        while manta_file_reserve(file, offset, 4_096) == 0 { offset += 4_096 }
        return file
    }
}
