import MantaWire
import Testing

@Suite("peers of another version, and other languages")
struct CompatibilityTests {
    struct Old: Codable, Equatable {
        var id: Int
        var name: String
    }

    struct New: Codable, Equatable {
        var tags: [String: [Float]]
        var id: Int
        var extra: Old?
        var name: String
        var note: String?
    }

    @Test("unknown keys are skipped, wherever they stand")
    func unknownKeys() throws {
        let new = New(tags: ["a": [1]], id: 1, extra: Old(id: 2, name: "x"), name: "n", note: nil)
        let bytes = try CBOR.encode([new, new])
        #expect(try CBOR.decode([Old].self, from: bytes) == [Old(id: 1, name: "n"), Old(id: 1, name: "n")])
        // Keys of other types are unknown too.
        #expect(
            try decoded(Old.self, "a4" + "820102f4" + "62696401" + "f6f6" + "646e616d656178")
                == Old(id: 1, name: "x")
        )
    }

    @Test("a missing key is keyNotFound; a missing optional is nil")
    func missingKeys() throws {
        #expect(decodingFailure(Old.self, "a162696401") == "keyNotFound name at /")
        #expect(
            decodingFailure([String: [Old]].self, "a1616b82a262696401646e616d6561" + "78a0")
                == "keyNotFound id at /k/Index 1"
        )
        let withoutOptionals = try CBOR.decode(
            New.self,
            from: bytes("a3 6474616773a0 62696401 646e616d656178")
        )
        #expect(withoutOptionals == New(tags: [:], id: 1, extra: nil, name: "x", note: nil))
    }

    @Test("the order of keys does not matter, in small maps and in large")
    func order() throws {
        #expect(try decoded(Old.self, "a2646e616d65617862696401") == Old(id: 1, name: "x"))
        struct Reversed: Decodable {
            struct Key: CodingKey {
                var stringValue: String
                var intValue: Int? { nil }
                init(stringValue: String) { self.stringValue = stringValue }
                init?(intValue: Int) { nil }
            }
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Key.self)
                for key in container.allKeys.reversed() {
                    #expect(try container.decode(Int.self, forKey: key) == Int(key.stringValue))
                }
                #expect(!container.contains(Key(stringValue: "none")))
            }
        }
        for count in [3, 16, 17, 5_000] {
            let map = [String: Int](uniqueKeysWithValues: (0..<count).map { ("\($0)", $0) })
            _ = try CBOR.decode([Reversed].self, from: try CBOR.encode([map, map]))
        }
    }

    @Test("of equal keys the first counts")
    func duplicates() throws {
        #expect(try decoded([String: Int].self, "a3616101616102616203") == ["a": 1, "b": 3])
        #expect(try decoded([String: Int].self, "bf616101616102616203ff") == ["a": 1, "b": 3])
        #expect(
            try decoded(Old.self, "a3" + "62696401" + "62696402" + "646e616d656178") == Old(id: 1, name: "x")
        )
        // Text keys have a path of their own, integer keys do not.
        #expect(try decoded([Int: Int].self, "a3" + "0101" + "0102" + "0203") == [1: 1, 2: 3])
        #expect(try decoded([String: Int?].self, "a2" + "6161f6" + "616102") == ["a": nil])
        #expect(try decoded([String: Int].self, "a2" + "820102f4" + "616102") == ["a": 2])
        let many = (0..<40).map { "6161" + (10 + $0 % 8).description }.joined()
        #expect(try decoded([String: Int].self, "b828" + many) == ["a": 0x10])
    }

    @Test("tags in front of values are skipped, self-described ones too")
    func tags() throws {
        #expect(
            try decoded(Old.self, "d9d9f7" + "a2" + "626964c101" + "646e616d65d82061" + "78")
                == Old(id: 1, name: "x")
        )
        #expect(try decoded([String: Int?].self, "a16161c1f6") == ["a": nil])
        #expect(try decoded([Bool].self, "d9d9f781c1f5") == [true])
    }

    @Test("numbers of any width are read, and exact integers as floats")
    func widths() throws {
        #expect(try decoded(UInt8.self, "1b0000000000000007") == 7)
        #expect(try decoded(Int8.self, "3a00000007") == -8)
        #expect(try decoded(Int.self, "c24107") == 7)
        #expect(try decoded(Int.self, "c34107") == -8)
        #expect(try decoded(Double.self, "01") == 1)
        #expect(try decoded(Float.self, "3903e7") == -1000)
        #expect(try decoded(Float.self, "fb3ff199999999999a") == 1.1)
        #expect(try decoded(String.self, "7b000000000000000161") == "a" as String?)
    }

    @Test("what does not fit is refused with its path")
    func ranges() {
        #expect(decodingFailure(UInt8.self, "19012c") == "dataCorrupted at /")
        #expect(decodingFailure([String: [UInt8?]].self, "a1616182f619012c") == "dataCorrupted at /a/Index 1")
        #expect(decodingFailure(UInt.self, "20") == "dataCorrupted at /")
        #expect(decodingFailure(Int.self, "1bffffffffffffffff") == "dataCorrupted at /")
        #expect(decodingFailure(Int.self, "3bffffffffffffffff") == "dataCorrupted at /")
        #expect(decodingFailure(Int.self, "c249010000000000000000") == "dataCorrupted at /")
        #expect(
            decodingFailure(Int128.self, "c35081" + String(repeating: "00", count: 15))
                == "dataCorrupted at /"
        )
        #expect(
            decodingFailure(UInt128.self, "c25101" + String(repeating: "00", count: 16))
                == "dataCorrupted at /"
        )
        #expect(decodingFailure(Float.self, "1a01000001") == "dataCorrupted at /")
        #expect(decodingFailure(Double.self, "3bffffffffffffffff") == nil)
        #expect(decodingFailure(Float.self, "fb7e37e43c8800759c") == "dataCorrupted at /")
        #expect(decodingFailure(Old.self, "a26269646161646e616d656178") == "typeMismatch at /id")
        #expect(decodingFailure(Old.self, "a2626964f6646e616d656178") == "valueNotFound at /id")
        #expect(decodingFailure(Old.self, "01") == "typeMismatch at /")
        #expect(decodingFailure([Old].self, "81f6") == "valueNotFound at /Index 0")
        #expect(decodingFailure(Int.self, "f93c00") == "typeMismatch at /")
        #expect(decodingFailure(Bool.self, "01") == "typeMismatch at /")
    }

    @Test("the message names value, type and place")
    func messages() throws {
        let error = #expect(throws: DecodingError.self) { try decoded([UInt8: UInt8].self, "82011903e8") }
        guard case .dataCorrupted(let context) = try #require(error) else { throw try #require(error) }
        #expect(context.debugDescription == "1000 at offset 2 does not fit UInt8")
    }
}
