import CMantaShims
import MantaObjectTransfer
import MantaTestSupport
import Testing

@Suite struct CRC32CTests {
    @Test(
        "the checksums of RFC 3720 come out",
        arguments: [
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
            ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
            ([UInt8](0..<32), 0x46dd_794e),
            (Array("123456789".utf8), 0xe306_9283),
            ([], 0),
        ] as [([UInt8], UInt32)]
    )
    func knownValues(bytes: [UInt8], checksum: UInt32) {
        #expect(bytes.withUnsafeBytes { crc32c($0) } == checksum)
        #expect(manta_crc32c_portable(0, bytes, bytes.count) == checksum)
    }

    @Test("the instruction and the tables agree for every length and place")
    func agreement() {
        var random = SeededRandom(seed: 3)
        let bytes = randomBytes(100_000)
        bytes.withUnsafeBytes { all in
            for round in 0..<2_000 {
                let start = Int.random(in: 0..<64, using: &random)
                let count = round < 1_000 ? round : Int.random(in: 0..<99_000, using: &random)
                let part = UnsafeRawBufferPointer(rebasing: all[start..<start + count])
                let seed = UInt32(truncatingIfNeeded: random.next())
                #expect(
                    crc32c(part, continuing: seed)
                        == manta_crc32c_portable(seed, part.baseAddress, part.count)
                )
            }
        }
    }

    @Test("a checksum continued over two parts is that of both")
    func continued() {
        let bytes = randomBytes(60_000)
        bytes.withUnsafeBytes { all in
            for split in [0, 1, 255, 8_192, 24_576, 59_999, 60_000] {
                let first = crc32c(UnsafeRawBufferPointer(rebasing: all[..<split]))
                #expect(
                    crc32c(UnsafeRawBufferPointer(rebasing: all[split...]), continuing: first) == crc32c(all)
                )
            }
        }
    }
}
