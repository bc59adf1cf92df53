import MantaWire
import Testing

@Suite("typed arrays")
struct TypedArrayTests {
    struct Fields: Codable, Equatable {
        var bytes: [UInt8]
        var floats: [Float]
        var maybe: [Int16]?
        var rows: [[Double]]
        var named: [String: [UInt32]]
    }

    @Test("each kind of number has its tag and little-endian bytes")
    func tags() throws {
        #expect(try encoded([1, 255] as [UInt8]) == "4201ff")
        #expect(try encoded([1, -1] as [Int8]) == "d8484201ff")
        #expect(try encoded([1, 0x203] as [UInt16]) == "d8454401000302")
        #expect(try encoded([1] as [UInt32]) == "d8464401000000")
        #expect(try encoded([1] as [UInt64]) == "d847480100000000000000")
        #expect(try encoded([1] as [UInt]) == "d847480100000000000000")
        #expect(try encoded([-2] as [Int16]) == "d84d42feff")
        #expect(try encoded([-2] as [Int32]) == "d84e44feffffff")
        #expect(try encoded([-2] as [Int64]) == "d84f48feffffffffffffff")
        #expect(try encoded([-2] as [Int]) == "d84f48feffffffffffffff")
        #expect(try encoded([1] as [Float16]) == "d85442003c")
        #expect(try encoded([1] as [Float]) == "d855440000803f")
        #expect(try encoded([1] as [Double]) == "d85648000000000000f03f")
        #expect(try encoded([] as [Double]) == "d85640")
    }

    @Test("they are typed arrays inside structs, arrays, dictionaries and optionals too")
    func nested() throws {
        let value = Fields(bytes: [1, 2], floats: [1], maybe: [3], rows: [[], [2]], named: ["k": [4]])
        #expect(
            try encoded(value)
                == """
                a5 656279746573 420102 66666c6f617473 d855440000803f 656d61796265 d84d420300
                64726f7773 82d85640d856480000000000000040 656e616d6564 a1616bd8464404000000
                """.filter { $0.isHexDigit }
        )
        try expectRoundTrip(value)
        try expectRoundTrip([[Float]?.none, [1.5]])
    }

    @Test("big-endian typed arrays are read")
    func bigEndian() throws {
        #expect(try decoded([UInt8].self, "d8404201ff") == [1, 255])
        #expect(try decoded([UInt8].self, "d8444201ff") == [1, 255])
        #expect(try decoded([UInt16].self, "d8414400010203") == [1, 0x203])
        #expect(try decoded([UInt32].self, "d8424400000001") == [1])
        #expect(try decoded([UInt64].self, "d843480000000000000001") == [1])
        #expect(try decoded([Int16].self, "d84942fffe") == [-2])
        #expect(try decoded([Int32].self, "d84a44fffffffe") == [-2])
        #expect(try decoded([Int].self, "d84b48fffffffffffffffe") == [-2])
        #expect(try decoded([Float16].self, "d850423c00") == [1])
        #expect(try decoded([Float].self, "d851443f800000") == [1])
        #expect(try decoded([Double].self, "d852483ff0000000000000") == [1])
    }

    @Test("plain arrays of numbers and indefinite byte strings are read")
    func plainArrays() throws {
        #expect(try decoded([UInt8].self, "8301181818ff") == [1, 24, 255])
        #expect(try decoded([Float].self, "8301f93e0020") == [1, 1.5, -1])
        #expect(try decoded([Int].self, "9f0120ff") == [1, -1])
        #expect(try decoded([Float].self, "d8555f42000042803fff") == [1])
        #expect(try decoded([Float].self, "d9d9f7d855440000803f") == [1])
    }

    @Test("another element type is a mismatch, and half an element is malformed")
    func mismatches() throws {
        #expect(decodingFailure([Float].self, "d85648000000000000f03f") == "typeMismatch at /")
        #expect(decodingFailure([Int].self, "4201ff") == "typeMismatch at /")
        #expect(decodingFailure([UInt8].self, "d8484201ff") == "typeMismatch at /")
        #expect(decodingFailure([UInt8].self, "8119012c") == "dataCorrupted at /")
        #expect(wireErrorCode([Float].self, bytes("d85543000080")) == .malformed)
    }

    @Test("a million elements come back equal, at any alignment", arguments: 0..<8)
    func million(offset: Int) throws {
        var random = SeededGenerator(seed: 1)
        let floats = (0..<1_000_000).map { _ in
            Float(bitPattern: UInt32(truncatingIfNeeded: random.next() >> 34))
        }
        let writer = ByteWriter()
        writer.appendZeros(offset)
        try CBOR.encode(floats, into: writer)
        try CBOR.encode(7, into: writer)
        var reader = ByteReader(writer.bytes)
        try reader.skip(offset)
        #expect(try CBOR.decode([Float].self, from: &reader) == floats)
        #expect(try CBOR.decode(Int.self, from: &reader) == 7)
        #expect(reader.isAtEnd)
        #expect(writer.count == offset + 7 + 4 * floats.count + 1)
    }

    @Test("a million integers and bytes come back equal")
    func millionIntegers() throws {
        var random = SeededGenerator(seed: 2)
        let integers = (0..<1_000_000).map { _ in Int(truncatingIfNeeded: random.next()) }
        #expect(try roundTrip(integers) == integers)
        let bytes = integers.map { UInt8(truncatingIfNeeded: $0) }
        #expect(try roundTrip(bytes) == bytes)
    }
}
