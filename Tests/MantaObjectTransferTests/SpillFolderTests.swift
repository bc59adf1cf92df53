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
            #expect(try read(object) == bytes)
            #expect(names(in: folder.path) == ["lock", "object-7-3"])
            var status = stat()
            #expect(stat(folder.path, &status) == 0 && status.st_mode & 0o777 == 0o700)
        }
    }
}

/// All bytes of a spilled object.
func read(_ object: SpilledObject) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: object.byteCount)
    try bytes.withUnsafeMutableBytes { try object.read(into: $0) }
    return bytes
}
