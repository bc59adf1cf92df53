import MantaWire
import Testing

/// RFC 8949, Appendix A: every example, as a value of the Swift type that holds it.
@Suite("the examples of RFC 8949")
struct AppendixATests {
    enum Value: Sendable {
        case integer(Int128)
        case double(Double)
        case bool(Bool)
        case null
        case text(String)
        case byteString([UInt8])
        case texts([String])
        case textMap([String: String])
        case intMap([Int: Int])
        /// Well formed, and of no Swift type.
        case skipped
    }

    struct Example: Sendable, CustomTestStringConvertible {
        let hex: String
        let value: Value
        /// Whether these are the bytes we write.
        let isPreferred: Bool

        init(_ hex: String, _ value: Value, preferred: Bool = true) {
            self.hex = hex
            self.value = value
            isPreferred = preferred
        }

        var testDescription: String { hex }
    }

    static let examples: [Example] = [
        Example("00", .integer(0)), Example("01", .integer(1)), Example("0a", .integer(10)),
        Example("17", .integer(23)), Example("1818", .integer(24)), Example("1819", .integer(25)),
        Example("1864", .integer(100)), Example("1903e8", .integer(1000)),
        Example("1a000f4240", .integer(1_000_000)),
        Example("1b000000e8d4a51000", .integer(1_000_000_000_000)),
        Example("1bffffffffffffffff", .integer(18_446_744_073_709_551_615)),
        Example("c249010000000000000000", .integer(18_446_744_073_709_551_616)),
        Example("3bffffffffffffffff", .integer(-18_446_744_073_709_551_616)),
        Example("c349010000000000000000", .integer(-18_446_744_073_709_551_617)),
        Example("20", .integer(-1)), Example("29", .integer(-10)), Example("3863", .integer(-100)),
        Example("3903e7", .integer(-1000)),

        Example("f90000", .double(0)), Example("f98000", .double(-0.0)), Example("f93c00", .double(1)),
        Example("fb3ff199999999999a", .double(1.1)), Example("f93e00", .double(1.5)),
        Example("f97bff", .double(65504)), Example("fa47c35000", .double(100_000)),
        Example("fa7f7fffff", .double(3.402_823_466_385_288_6e+38)),
        Example("fb7e37e43c8800759c", .double(1.0e+300)),
        Example("f90001", .double(5.960_464_477_539_063e-8)),
        Example("f90400", .double(0.000_061_035_156_25)), Example("f9c400", .double(-4)),
        Example("fbc010666666666666", .double(-4.1)),
        Example("f97c00", .double(.infinity)), Example("f97e00", .double(.nan)),
        Example("f9fc00", .double(-.infinity)),
        Example("fa7f800000", .double(.infinity), preferred: false),
        Example("fa7fc00000", .double(.nan), preferred: false),
        Example("faff800000", .double(-.infinity), preferred: false),
        Example("fb7ff0000000000000", .double(.infinity), preferred: false),
        Example("fb7ff8000000000000", .double(.nan), preferred: false),
        Example("fbfff0000000000000", .double(-.infinity), preferred: false),

        Example("f4", .bool(false)), Example("f5", .bool(true)), Example("f6", .null),
        Example("f7", .null, preferred: false), Example("f0", .skipped), Example("f8ff", .skipped),

        Example(
            "c074323031332d30332d32315432303a30343a30305a",
            .text("2013-03-21T20:04:00Z"),
            preferred: false
        ),
        Example("c11a514b67b0", .integer(1_363_896_240), preferred: false),
        Example("c1fb41d452d9ec200000", .double(1_363_896_240.5), preferred: false),
        Example("d74401020304", .byteString([1, 2, 3, 4]), preferred: false),
        Example("d818456449455446", .byteString([0x64, 0x49, 0x45, 0x54, 0x46]), preferred: false),
        Example(
            "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
            .text("http://www.example.com"),
            preferred: false
        ),

        Example("40", .byteString([])), Example("4401020304", .byteString([1, 2, 3, 4])),
        Example("60", .text("")), Example("6161", .text("a")), Example("6449455446", .text("IETF")),
        Example("62225c", .text("\"\\")), Example("62c3bc", .text("ü")), Example("63e6b0b4", .text("水")),
        Example("64f0908591", .text("\u{10151}")),

        Example("80", .texts([])), Example("83010203", .skipped), Example("8301820203820405", .skipped),
        Example(
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
            .skipped
        ),
        Example("a0", .textMap([:])), Example("a201020304", .intMap([1: 2, 3: 4]), preferred: false),
        Example("a26161016162820203", .skipped), Example("826161a161626163", .skipped),
        Example(
            "a56161614161626142616361436164614461656145",
            .textMap(["a": "A", "b": "B", "c": "C", "d": "D", "e": "E"]),
            preferred: false
        ),

        Example("5f42010243030405ff", .byteString([1, 2, 3, 4, 5]), preferred: false),
        Example("7f657374726561646d696e67ff", .text("streaming"), preferred: false),
        Example("9fff", .texts([]), preferred: false), Example("9f018202039f0405ffff", .skipped),
        Example("9f01820203820405ff", .skipped), Example("83018202039f0405ff", .skipped),
        Example("83019f0203ff820405", .skipped),
        Example("9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", .skipped),
        Example("bf61610161629f0203ffff", .skipped), Example("826161bf61626163ff", .skipped),
        Example("bf6346756ef563416d7421ff", .skipped),
    ]

    @Test("every example is skipped as one item", arguments: examples)
    func skipping(_ example: Example) throws {
        let bytes = bytes(example.hex)
        #expect(try skippedCount(bytes) == bytes.count)
    }

    @Test("every cut of an example is truncated, never something else", arguments: examples)
    func truncation(_ example: Example) throws {
        let bytes = bytes(example.hex)
        for count in 0..<bytes.count {
            let error = #expect(throws: WireError.self) { try skippedCount(Array(bytes[..<count])) }
            #expect(error?.code == .truncated)
        }
    }

    @Test("examples decode to their values and encode to their bytes", arguments: examples)
    func decoding(_ example: Example) throws {
        switch example.value {
        case .integer(let value):
            try check(value, example)
            if let value = Int(exactly: value) { try check(value, example) }
            if let value = UInt64(exactly: value) { try check(value, example) }
            if let value = UInt128(exactly: value) { try check(value, example) }
        case .double(let value):
            let decoded = try decoded(Double.self, example.hex)
            #expect(decoded == value && decoded.sign == value.sign || decoded.isNaN && value.isNaN)
            if example.isPreferred { #expect(try encoded(value) == example.hex) }
        case .bool(let value): try check(value, example)
        case .null: try check(Int?.none, example)
        case .text(let value): try check(value, example)
        case .byteString(let value): try check(value, example)
        case .texts(let value): try check(value, example)
        case .textMap(let value): try check(value, example)
        case .intMap(let value): try check(value, example)
        case .skipped: break
        }
    }

    private func check<T: Codable & Equatable>(_ value: T, _ example: Example) throws {
        #expect(try decoded(T.self, example.hex) == value)
        if example.isPreferred { #expect(try encoded(value) == example.hex) }
    }

    private struct Mixed: Codable, Equatable {
        var a: Int
        var b: [Int]
    }

    private struct Fun: Decodable {
        let fun: Bool
        let amount: Int

        enum CodingKeys: String, CodingKey {
            case fun = "Fun"
            case amount = "Amt"
        }
    }

    /// `[1, [2, 3], [4, 5]]`
    private struct OneAndPairs: Decodable, Equatable {
        var one: Int
        var pairs: [[Int]] = []

        init(_ one: Int, _ pairs: [[Int]]) {
            self.one = one
            self.pairs = pairs
        }

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            one = try container.decode(Int.self)
            while !container.isAtEnd { pairs.append(try container.decode([Int].self)) }
        }
    }

    @Test("examples with mixed contents decode to structs, with definite and indefinite lengths")
    func mixed() throws {
        #expect(try decoded([Int].self, "83010203") == [1, 2, 3])
        #expect(
            try decoded([Int].self, "98190102030405060708090a0b0c0d0e0f101112131415161718181819")
                == Array(1...25)
        )
        #expect(
            try decoded([Int].self, "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff")
                == Array(1...25)
        )
        #expect(try decoded(Mixed.self, "a26161016162820203") == Mixed(a: 1, b: [2, 3]))
        #expect(try decoded(Mixed.self, "bf61610161629f0203ffff") == Mixed(a: 1, b: [2, 3]))
        for hex in ["8301820203820405", "9f018202039f0405ffff", "9f01820203820405ff", "83018202039f0405ff"] {
            #expect(try decoded(OneAndPairs.self, hex) == OneAndPairs(1, [[2, 3], [4, 5]]))
        }
        let fun = try decoded(Fun.self, "bf6346756ef563416d7421ff")
        #expect(fun.fun && fun.amount == -2)
    }
}
