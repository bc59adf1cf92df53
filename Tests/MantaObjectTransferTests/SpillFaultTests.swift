import Glibc
import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import Testing

@Suite struct SpillFaultTests {
    private static let chunk = BulkFormat.chunkByteCount

    @Test("no damaged byte of a file is overlooked")
    func damaged() async throws {
        let bytes = randomBytes(Self.chunk + 1_000)
        var random = SeededRandom(seed: 41)
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            try spill(objectID(3), bytes, to: folder)
            let path = "\(folder.path)/object-7-3"
            let whole = try file(path)
            let places =
                Array(0..<72) + [72, whole.count - 1]
                + (0..<100).map { _ in Int(random.next() % UInt64(whole.count)) }
            for place in places {
                try write(altered(whole, place, UInt8.random(in: 1...255, using: &random)), to: path)
                let error = await clusterError { _ = try contents(of: folder.open(objectID(3))) }
                #expect(error?.code == .objectLost, "byte \(place)")
                #expect(error?.message.contains(path) == true)
            }
        }
    }

    @Test("a file that is too short, too long, or another object's is an error")
    func otherFiles() async throws {
        let bytes = randomBytes(2 * Self.chunk)
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            try spill(objectID(3), bytes, to: folder)
            let path = "\(folder.path)/object-7-3"
            let whole = try file(path)
            for count in [0, 1, 63, 64, 70, 72, 100, whole.count - 1] {
                try write(Array(whole[..<count]), to: path)
                let error = await clusterError { _ = try contents(of: folder.open(objectID(3))) }
                #expect(error?.code == .objectLost, "\(count) bytes")
            }
            try write(whole + [0], to: path)
            #expect(await clusterError { _ = try folder.open(objectID(3)) }?.code == .objectLost)
            try write(whole, to: "\(folder.path)/object-7-4")
            #expect(await clusterError { _ = try folder.open(objectID(4)) }?.code == .objectLost)
        }
    }

    @Test("a file cut off while it is read ends in an error")
    func cutOff() async throws {
        try await withTemporaryFolder { directory in
            let folder = try SpillFolder(in: directory, of: NodeID(5))
            try spill(objectID(3), randomBytes(2 * Self.chunk), to: folder)
            let object = try folder.open(objectID(3))
            truncate("\(folder.path)/object-7-3", Self.chunk)
            #expect(await clusterError { _ = try contents(of: object) }?.code == .objectLost)
        }
    }

    @Test("a damaged file is an error to who fetches it, with the reason", .timeLimit(.minutes(5)))
    func damagedSource() async throws {
        try await withExchange { exchange in
            let folder = try SpillFolder(in: exchange.folder, of: NodeID(5))
            try spill(objectID(3), randomBytes(3 * Self.chunk), to: folder)
            let path = "\(folder.path)/object-7-3"
            let whole = try file(path)
            try write(altered(whole, whole.count - 5, 1), to: path)
            let server = try exchange.serve { id in try? folder.open(id) }
            let object = incoming(objectID(3))
            let fetcher = exchange.fetcher()
            let error = await transferError { () throws(TransferError) in
                try await fetcher.fetch(object, from: server.endpoint)
            }
            guard case .refused(let reason)? = error else { return #expect(error == .refused("")) }
            #expect(reason.contains("are not what was written"))
            #expect(object.receivedByteCount == 2 * Self.chunk)
        }
    }

    @Test("a place where nothing can be written is an error that names it")
    func unwritable() async {
        for directory in ["/proc/manta", "/proc", "/dev/null/manta"] {
            let error = await clusterError { _ = try SpillFolder(in: directory, of: NodeID(5)) }
            #expect(error?.code == .outOfDisk)
            #expect(error?.message.contains(directory) == true && error?.hint != nil)
        }
    }

    @Test(
        "a folder that became read-only is an error, and what is there can be read",
        .enabled(if: SmallDisk.isPossible, "needs the right to mount a file system")
    )
    func readOnly() async throws {
        try await SmallDisk.with(byteCount: 4 * Self.chunk) { disk in
            let folder = try SpillFolder(in: disk.path, of: NodeID(5))
            try spill(objectID(3), [1, 2, 3], to: folder)
            try disk.makeReadOnly()
            let error = await clusterError { try spill(objectID(4), [4], to: folder) }
            #expect(error?.code == .outOfDisk && error?.message.contains(folder.path) == true)
            #expect(try contents(of: folder.open(objectID(3))) == [1, 2, 3])
        }
    }

    @Test(
        "a full disk is an error with the sizes, and nothing is left of the file",
        .enabled(if: SmallDisk.isPossible, "needs the right to mount a file system")
    )
    func fullDisk() async throws {
        let bytes = randomBytes(3 * Self.chunk)
        try await SmallDisk.with(byteCount: 4 * Self.chunk) { disk in
            let folder = try SpillFolder(in: disk.path, of: NodeID(5))
            try spill(objectID(3), bytes, to: folder)
            let error = await clusterError { try spill(objectID(4), bytes, to: folder) }
            #expect(error?.code == .outOfDisk)
            #expect(error?.message.contains("\(bytes.count) bytes") == true && error?.hint != nil)
            #expect(names(in: folder.path) == ["lock", "object-7-3"])
            #expect(try contents(of: folder.open(objectID(3))) == bytes)
            folder.remove(objectID(3))
            try spill(objectID(4), bytes, to: folder)
            #expect(try contents(of: folder.open(objectID(4))) == bytes)
        }
    }
}
