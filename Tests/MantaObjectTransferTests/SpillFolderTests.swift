import Glibc
import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import Testing

@Suite struct SpillFolderTests {
    private static let chunk = BulkFormat.chunkByteCount

    @Test(
        "a spilled object comes back with every byte",
        arguments: [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk + 4_321]
    )
    func comesBack(byteCount: Int) async throws {
        let bytes = randomBytes(byteCount)
        let head = ObjectHead(
            id: objectID(3),
            byteCount: byteCount,
            lead: 61,
            owner: ProcessID(99),
            holdsReferences: true
        )
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            try bytes.withUnsafeBytes { try folder.write(head, $0) }
            let object = try folder.open(head.id)
            #expect(object.head == head)
            #expect(try contents(of: object) == bytes)
            #expect(names(in: folder.path) == ["lock", "object-7-3"])
            var status = stat()
            #expect(stat(folder.path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        }
    }

    @Test("a spilled object is sent from its file, from any byte on", .timeLimit(.minutes(5)))
    func sent() async throws {
        let bytes = randomBytes(3 * Self.chunk + 1_000)
        try await withExchange { exchange in
            let folder = try SpillFolder(in: exchange.folder, of: NodeID(5))
            try spill(objectID(3), bytes, to: folder)
            let server = try exchange.serve { id in try? folder.open(id) }
            let object = incoming(objectID(3))
            try await exchange.fetcher().fetch(object, from: server.endpoint)
            #expect(object.destination?.array == bytes)

            let source = try folder.open(objectID(3))
            let scratch = BulkScratch()
            for start in [0, 1, 777, Self.chunk - 1, Self.chunk, 3 * Self.chunk + 999] {
                let range = BulkFormat.chunk(at: start, of: bytes.count)
                #expect(
                    try source.withBytes(in: range, scratch: scratch) { Array($0) } == Array(bytes[range])
                )
            }
        }
    }

    @Test("what is opened can be read when its file is removed")
    func removed() async throws {
        let bytes = randomBytes(Self.chunk + 5)
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            try spill(objectID(3), bytes, to: folder)
            let object = try folder.open(objectID(3))
            #expect(folder.remove(objectID(3)))
            #expect(!folder.remove(objectID(3)))
            #expect(try contents(of: object) == bytes)
            let error = await clusterError { _ = try folder.open(objectID(3)) }
            #expect(error?.code == .objectLost)
        }
    }

    @Test("an object that is written again takes the place of the first")
    func writtenAgain() async throws {
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            try spill(objectID(3), [1, 2, 3], to: folder)
            try spill(objectID(3), [4, 5], to: folder)
            #expect(try contents(of: folder.open(objectID(3))) == [4, 5])
            #expect(names(in: folder.path) == ["lock", "object-7-3"])
        }
    }

    @Test("objects are written by several threads at a time", .timeLimit(.minutes(5)))
    func concurrent() async throws {
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for serial in 1...20 as ClosedRange<UInt64> {
                    group.addTask {
                        let bytes = randomBytes(50_000 * Int(serial), seed: serial)
                        try spill(objectID(serial), bytes, to: folder)
                        #expect(try contents(of: folder.open(objectID(serial))) == bytes)
                        folder.remove(objectID(serial))
                    }
                }
                try await group.waitForAll()
            }
            #expect(names(in: folder.path) == ["lock"])
        }
    }

    @Test("the folder goes with all that is in it")
    func removeAll() async throws {
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            try spill(objectID(3), [1], to: folder)
            try spill(objectID(4), [1], to: folder)
            folder.removeAll()
            #expect(names(in: directory) == [])
        }
    }

    @Test("folders of nodes that are gone are swept, those of living ones and other files are not")
    func swept() async throws {
        try await withTemporaryFolder { directory in
            let living = try SpillFolder(in: directory, of: NodeID(1))
            try spill(objectID(3), [1, 2, 3], to: living)
            let dead = "\(directory)/manta-spill-dead-1"
            mkdir(dead, 0o700)
            for name in ["lock", "object-7-9", "unfinished-4"] { try write([9], to: "\(dead)/\(name)") }
            // Its node died between the folder and the lock.
            mkdir("\(directory)/manta-spill-empty-1", 0o700)
            mkdir("\(directory)/another", 0o700)
            try write([9], to: "\(directory)/another/lock")
            symlink("another", "\(directory)/manta-spill-link-1")

            let next = try SpillFolder(in: directory, of: NodeID(2))
            let expected = [living.path, next.path].map { String($0.dropFirst(directory.count + 1)) }
            #expect(names(in: directory) == (expected + ["another", "manta-spill-link-1"]).sorted())
            #expect(names(in: "\(directory)/another") == ["lock"])
            #expect(try contents(of: living.open(objectID(3))) == [1, 2, 3])
        }
    }

    @Test("nodes that start at the same time do not sweep each other away", .timeLimit(.minutes(5)))
    func sweptAtOnce() async throws {
        try await withTemporaryFolder { directory in
            try await withThrowingTaskGroup(of: SpillFolder.self) { group in
                for node in 1...40 as ClosedRange<UInt64> {
                    group.addTask { try SpillFolder(in: directory, of: NodeID(node)) }
                }
                var folders: [SpillFolder] = []
                for try await folder in group {
                    try spill(objectID(1), [7], to: folder)
                    folders.append(folder)
                }
                for folder in folders { #expect(try contents(of: folder.open(objectID(1))) == [7]) }
            }
        }
    }

    @Test("a file has these bytes before the object's own")
    func header() {
        let head = ObjectHead(
            id: ObjectID(creator: ProcessID(0x0102_0304_0506_0708), serial: 9),
            byteCount: 0x20_0001,
            lead: 62,
            owner: ProcessID(0xaabb),
            holdsReferences: true
        )
        let header = SpillHeader(head, tableChecksum: 0xdead_beef)
        let bytes = stored(SpillHeader.byteCount) { header.store(in: $0) }
        #expect(
            hex(bytes) == "4d53504c 01000100 08070605 04030201 09000000 00000000 bbaa0000 00000000 "
                + "01002000 00000000 3e000000 00000000 00001000 00000000 efbeadde d24fffa1"
        )
        #expect(header.chunkCount == 3 && header.bodyOffset == 76)
        #expect(bytes.withUnsafeBytes { SpillHeader($0) } == header)
        for bit in 0..<SpillHeader.byteCount * 8 {
            let other = altered(bytes, bit / 8, 1 << UInt8(bit % 8))
            #expect(other.withUnsafeBytes { SpillHeader($0) } == nil)
        }
    }
}
