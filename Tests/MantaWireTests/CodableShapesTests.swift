import Foundation
import Manta
import MantaWire
import Testing

/// Every way in which a type can use `Encoder` and `Decoder`.
@Suite("shapes of Codable")
struct CodableShapesTests {
    struct Point: Codable, Hashable {
        var x: Int
        var y: Double
        var label: String?
    }

    struct Empty: Codable, Hashable {}

    enum Command: Codable, Hashable {
        case stop
        case move(to: Point, speed: Float)
        case say(String, [Int])
        indirect case twice(Command)
    }

    @Test("a struct is a map in field order, an absent optional is left out")
    func structBytes() throws {
        #expect(
            try encoded(Point(x: 1, y: 1.5, label: "p")) == "a3" + "6178" + "01" + "6179" + "f93e00"
                + "656c6162656c" + "6170"
        )
        #expect(try encoded(Point(x: -1, y: 0, label: nil)) == "a2" + "6178" + "20" + "6179" + "f90000")
    }

    @Test("an enum is a map from its case to its payload")
    func enumBytes() throws {
        #expect(try encoded(Command.stop) == "a1" + "6473746f70" + "a0")
        #expect(
            try encoded(Command.say("a", [])) == "a1" + "63736179" + "a2" + "625f30" + "6161" + "625f31"
                + "d84f40"
        )
        try expectRoundTrip(Command.twice(.twice(.move(to: Point(x: 1, y: 2), speed: 3))))
        try expectRoundTrip([Command.stop, .say("x", [1, 2]), .twice(.stop), .stop])
    }

    @Test("nil is null, and nested optionals are as deep as they look on the wire")
    func optionals() throws {
        #expect(try encoded(Int?.none) == "f6")
        #expect(try encoded([1, nil, 3] as [Int?]) == "8301f603")
        try expectRoundTrip(["a": nil, "b": 1] as [String: Int?])
        try expectRoundTrip([Point?.none, Point(x: 1, y: 1)])
        #expect(try decoded(Point.self, "a3617801617901656c6162656cf7") == Point(x: 1, y: 1))
    }

    @Test("types that encode nothing are empty maps")
    func nothing() throws {
        struct Silent: Codable, Equatable {
            init() {}
            init(from decoder: any Decoder) {}
            func encode(to encoder: any Encoder) {}
        }
        struct Undecided: Encodable {
            func encode(to encoder: any Encoder) { _ = encoder.singleValueContainer() }
        }
        #expect(try encoded(Empty()) == "a0")
        #expect(try encoded(Silent()) == "a0")
        #expect(try encoded(Undecided()) == "a0")
        try expectRoundTrip([Silent(), Silent()])
        try expectRoundTrip(["a": Empty()])
        // It reads nothing, whatever there is.
        #expect(try CBOR.decode([Silent].self, from: bytes("83 01 8102 a16161f6")).count == 3)
    }

    @Test("dictionaries: text and integer keys are maps, other keys alternate with values")
    func dictionaries() throws {
        #expect(try encoded(["a": 1]) == "a1616101")
        #expect(try encoded([5: true]) == "a16135f5")
        #expect(try encoded([true: 1]) == "82f501")
        #expect(try decoded([Int: Bool].self, "a105f5") == [5: true])
        #expect(try decoded([Int: Bool].self, "a220f51903e8f4") == [-1: true, 1000: false])
        try expectRoundTrip([Int: String](uniqueKeysWithValues: (-50..<50).map { ($0, "\($0)") }))
        try expectRoundTrip(
            [String: Point](uniqueKeysWithValues: (0..<50).map { ("k\($0)", Point(x: $0, y: 0)) })
        )
        try expectRoundTrip([Point(x: 1, y: 2): Empty(), Point(x: 2, y: 2): Empty()])
        try expectRoundTrip([UInt8(1): [2: ["x": 3.5]]])
    }

    @Test(
        "a map with 24, 256 or 70,000 entries has a head of its size",
        arguments: [23, 24, 255, 256, 65_535, 70_000]
    )
    func headSizes(count: Int) throws {
        let map = [Int: Bool](uniqueKeysWithValues: (0..<count).map { ($0, true) })
        #expect(try roundTrip(map) == map)
        let array = (0..<count).map { _ in Empty() }
        let encoded = try CBOR.encode(array)
        #expect(encoded.count == count + (count < 24 ? 1 : count < 256 ? 2 : count < 65_536 ? 3 : 5))
        #expect(try roundTrip(["around": [array, array]]) == ["around": [array, array]])
        let text = String(repeating: "é", count: count)
        #expect(try roundTrip([text, text]) == [text, text])
    }

    @Test("integers keep their value at every width")
    func integers() throws {
        for shift in 0..<64 {
            for delta in [-1, 0, 1] as [Int64] {
                let value = (1 << Int64(shift)) &+ delta
                try expectRoundTrip(value)
                try expectRoundTrip(~value)
                try expectRoundTrip(UInt64(bitPattern: value))
                try expectRoundTrip(Int32(truncatingIfNeeded: value))
                try expectRoundTrip(UInt16(truncatingIfNeeded: value))
                try expectRoundTrip(Int128(value) << 60)
                try expectRoundTrip(["v": UInt128(UInt64(bitPattern: value)) << 64])
            }
        }
        try expectRoundTrip([Int128.min, .max, 0, -1])
        try expectRoundTrip([UInt128.min, .max])
    }

    @Test("floats take the shortest form that keeps them")
    func floats() throws {
        for bits in 0...UInt16.max {
            let half = Float16(bitPattern: bits)
            let bytes = try CBOR.encode(Double(half))
            #expect(bytes.count == 3)
            let back = try CBOR.decode(Double.self, from: bytes)
            #expect(back.bitPattern == Double(half).bitPattern || back.isNaN && half.isNaN)
        }
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let single = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            let bytes = try CBOR.encode(single)
            #expect(bytes.count == (Float(Float16(single)) == single || single.isNaN ? 3 : 5))
            let back = try CBOR.decode(Float.self, from: bytes)
            #expect(back == single || single.isNaN && back.isNaN)
            let double = Double(bitPattern: random.next())
            #expect(try roundTrip(double) == double || double.isNaN)
        }
        try expectRoundTrip([Float16(1.5): Float16.infinity])
    }

    @Test("types of the standard library and Foundation come back equal")
    func libraryTypes() throws {
        try expectRoundTrip(Date(timeIntervalSinceReferenceDate: 12_345.678))
        try expectRoundTrip(UUID())
        try expectRoundTrip([Decimal(string: "-123456789.0123456789"), nil, 0])
        try expectRoundTrip(try #require(URL(string: "https://example.com/a?b=c#d")))
        try expectRoundTrip(Data([1, 2, 3]))
        #expect(try encoded(Data([1, 2, 3])) == "43010203")
        #expect(try decoded(Data.self, "5f41014102ff") == Data([1, 2]))
        #expect(try decoded(Data.self, "c24201ff") == Data([1, 255]))
        try expectRoundTrip(["d": Data(), "e": Data(repeating: 7, count: 100_000)] as [String: Data?])
        try expectRoundTrip(Set([1, 2, 3]))
        try expectRoundTrip(1..<5)
        try expectRoundTrip([Float(1)...2])
        try expectRoundTrip(ContiguousArray([1, 2]))
        try expectRoundTrip(CollectionOfOne(3).first)
        try expectRoundTrip(Duration.milliseconds(1_500))
        try expectRoundTrip(DateComponents(year: 2026, month: 11))
        try expectRoundTrip(["é", "水", "\u{0}", String(repeating: "🦭", count: 10), ""])
        try expectRoundTrip([CodableCharacter(character: "👩‍👩‍👧")])
    }

    struct CodableCharacter: Codable, Equatable {
        var character: Character

        init(character: Character) { self.character = character }

        init(from decoder: any Decoder) throws {
            character = Character(try decoder.singleValueContainer().decode(String.self))
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(String(character))
        }
    }

    @Test("userInfo reaches the value, on both ways")
    func userInfo() throws {
        struct Key: Sendable { static let unit = CodingUserInfoKey(rawValue: "unit") }
        struct Reading: Codable {
            var unit: String?
            init() {}
            init(from decoder: any Decoder) { unit = Key.unit.flatMap { decoder.userInfo[$0] as? String } }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(Key.unit.flatMap { encoder.userInfo[$0] as? String })
            }
        }
        let unit = try #require(Key.unit)
        #expect(hex(try CBOR.encode([Reading()], userInfo: [unit: "m"])) == "81616d")
        #expect(try CBOR.decode([Reading].self, from: [0x81, 0], userInfo: [unit: "s"]).first?.unit == "s")
        let writer = ByteWriter()
        try CBOR.encode(Reading(), into: writer, userInfo: [unit: "m"])
        try CBOR.encode(Reading(), into: writer)
        #expect(hex(Array(writer.bytes)) == "616d" + "f6")
    }
}
