import MantaCore
import MantaObjectTransfer
import MantaTestSupport
import Testing

@Suite struct BulkFormatTests {
    private static let id = ObjectID(creator: ProcessID(0x0102_0304_0506_0708), serial: 0x1112_1314_1516_1718)

    @Test("a hello has these bytes")
    func hello() {
        let bytes = stored(BulkHello.byteCount) { BulkHello().store(in: $0) }
        #expect(hex(bytes) == "4d424c4b 01000100")
        #expect(bytes.withUnsafeBytes { BulkHello($0) } == BulkHello())
        #expect(Array("GET / HT".utf8).withUnsafeBytes { BulkHello($0) } == nil)
    }

    @Test("versions that have one in common speak with each other")
    func versions() {
        func hello(_ oldest: UInt16, _ newest: UInt16) -> BulkHello {
            var hello = BulkHello()
            (hello.oldestVersion, hello.version) = (oldest, newest)
            return hello
        }
        #expect(hello(1, 3).speaks(with: hello(3, 5)) && hello(3, 5).speaks(with: hello(1, 3)))
        #expect(!hello(1, 2).speaks(with: hello(3, 5)) && !hello(3, 5).speaks(with: hello(1, 2)))
    }

    @Test("a request has these bytes")
    func request() {
        let request = BulkRequest(Self.id, from: 0x0020_0000)
        let bytes = stored(BulkRequest.byteCount) { request.store(in: $0) }
        #expect(
            hex(bytes)
                == "01010000 00000000 08070605 04030201 18171615 14131211 00002000 00000000"
        )
        #expect(bytes.withUnsafeBytes { BulkRequest($0) } == request)
        #expect(altered(bytes, 0, 2).withUnsafeBytes { BulkRequest($0) } == nil)
        #expect(altered(bytes, 31, 0x80).withUnsafeBytes { BulkRequest($0) } == nil)
    }

    @Test("answers have these bytes")
    func answers() throws {
        let request = BulkRequest(Self.id)
        let head = ObjectHead(
            id: Self.id,
            byteCount: 0x0123_4567,
            lead: 61,
            owner: ProcessID(0xaabb_ccdd),
            holdsReferences: true
        )
        let cases: [(BulkAnswer, String)] = [
            (
                .found(head),
                "00010000 00000000 67452301 00000000 3d000000 00000000 ddccbbaa 00000000 "
            ),
            (.notFound, "01000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "),
            (
                .error(messageByteCount: 300),
                "02000000 2c010000 00000000 00000000 00000000 00000000 00000000 00000000 "
            ),
        ]
        for (answer, start) in cases {
            let bytes = stored(BulkAnswer.byteCount) { answer.store(in: $0, answering: request) }
            #expect(hex(bytes).hasPrefix(start))
            #expect(try bytes.withUnsafeBytes { try BulkAnswer($0, answering: request) } == answer)
            let other = BulkRequest(Self.id, from: 1)
            #expect(throws: TransferError.self) {
                try bytes.withUnsafeBytes { try BulkAnswer($0, answering: other) }
            }
        }
        let bytes = stored(BulkAnswer.byteCount) { cases[0].0.store(in: $0, answering: request) }
        #expect(hex(bytes).hasSuffix("ceca6352 00000000"), "\(hex(bytes))")
    }

    @Test("a chunk's head has these bytes")
    func chunkHead() throws {
        let head = ChunkHead(
            index: 5,
            kind: .lz4,
            byteCount: 0x10_0000,
            wireByteCount: 777,
            checksum: 0xdead_beef
        )
        let bytes = stored(ChunkHead.byteCount) { head.store(in: $0) }
        #expect(hex(bytes) == "05000000 01000000 00001000 09030000 efbeadde 24b5ab93", "\(hex(bytes))")
        #expect(try bytes.withUnsafeBytes { try ChunkHead($0, index: 5, room: 0x10_0000) } == head)
    }

    @Test("no altered bit of a head is overlooked")
    func alteredHeads() {
        let request = BulkRequest(Self.id)
        let head = ObjectHead(id: Self.id, byteCount: 9, lead: 1, owner: ProcessID(1), holdsReferences: false)
        let answer = stored(BulkAnswer.byteCount) { BulkAnswer.found(head).store(in: $0, answering: request) }
        for bit in 0..<36 * 8 {
            #expect(throws: TransferError.self) {
                try altered(answer, bit / 8, 1 << UInt8(bit % 8)).withUnsafeBytes {
                    try BulkAnswer($0, answering: request)
                }
            }
        }
        let chunk = stored(ChunkHead.byteCount) {
            ChunkHead(index: 0, kind: .plain, byteCount: 9, wireByteCount: 9, checksum: 1).store(in: $0)
        }
        for bit in 0..<ChunkHead.byteCount * 8 {
            #expect(throws: TransferError.self) {
                try altered(chunk, bit / 8, 1 << UInt8(bit % 8)).withUnsafeBytes {
                    try ChunkHead($0, index: 0, room: 9)
                }
            }
        }
    }

    @Test(
        "a chunk that cannot be is refused, whatever its checksum",
        arguments: [
            ChunkHead(index: 1, kind: .plain, byteCount: 9, wireByteCount: 9, checksum: 0),
            ChunkHead(index: 0, kind: .plain, byteCount: 11, wireByteCount: 11, checksum: 0),
            ChunkHead(index: 0, kind: .plain, byteCount: 0, wireByteCount: 0, checksum: 0),
            ChunkHead(index: 0, kind: .plain, byteCount: 9, wireByteCount: 8, checksum: 0),
            ChunkHead(
                index: 0,
                kind: .plain,
                byteCount: 0xffff_ffff,
                wireByteCount: 0xffff_ffff,
                checksum: 0
            ),
            ChunkHead(index: 0, kind: .lz4, byteCount: 9, wireByteCount: 9, checksum: 0),
            ChunkHead(index: 0, kind: .lz4, byteCount: 9, wireByteCount: 0, checksum: 0),
            ChunkHead(index: 0, kind: .lz4, byteCount: 9, wireByteCount: 0xffff_ffff, checksum: 0),
            ChunkHead(index: 0, kind: .failed, byteCount: 0, wireByteCount: 1_025, checksum: 0),
            ChunkHead(index: 0, kind: .failed, byteCount: 1, wireByteCount: 1, checksum: 0),
        ]
    )
    func impossibleChunks(head: ChunkHead) {
        let bytes = stored(ChunkHead.byteCount) { head.store(in: $0) }
        #expect(throws: TransferError.self) {
            try bytes.withUnsafeBytes { try ChunkHead($0, index: 0, room: 10) }
        }
    }

    @Test(
        "an object's head that cannot be is refused, whatever its checksum",
        arguments: [(1 << 63, 0), (100, 64), (100, 1 << 63), (4, 0)] as [(UInt64, UInt64)]
    )
    func impossibleHeads(byteCount: UInt64, lead: UInt64) {
        let request = BulkRequest(Self.id, from: 5)
        var bytes = [UInt8](repeating: 0, count: BulkAnswer.byteCount)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: byteCount.littleEndian, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(of: lead.littleEndian, toByteOffset: 16, as: UInt64.self)
            let question = stored(BulkRequest.byteCount) { request.store(in: $0) }.withUnsafeBytes {
                crc32c($0)
            }
            let checksum = crc32c(UnsafeRawBufferPointer(rebasing: bytes[..<32]), continuing: question)
            bytes.storeBytes(of: checksum.littleEndian, toByteOffset: 32, as: UInt32.self)
        }
        #expect(throws: TransferError.self) {
            try bytes.withUnsafeBytes { try BulkAnswer($0, answering: request) }
        }
    }

    @Test("random bytes are never taken for a head, and never end the process")
    func randomHeads() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<2_000 {
            let bytes = random.bytes(BulkAnswer.byteCount)
            #expect(throws: TransferError.self) {
                try bytes.withUnsafeBytes { try BulkAnswer($0, answering: BulkRequest(Self.id)) }
            }
            #expect(throws: TransferError.self) {
                try bytes.withUnsafeBytes { try ChunkHead($0, index: 0, room: .max) }
            }
        }
    }
}

/// What `store` writes into so many bytes, of which none is zero before.
func stored(_ byteCount: Int, _ store: (UnsafeMutableRawBufferPointer) -> Void) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: byteCount)
    bytes.withUnsafeMutableBytes { store($0) }
    return bytes
}

/// In groups of four bytes.
func hex(_ bytes: [UInt8]) -> String {
    stride(from: 0, to: bytes.count, by: 4).map { start in
        bytes[start..<min(start + 4, bytes.count)].map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }.joined(separator: " ")
}

func altered(_ bytes: [UInt8], _ index: Int, _ mask: UInt8) -> [UInt8] {
    var bytes = bytes
    bytes[index] ^= mask
    return bytes
}
