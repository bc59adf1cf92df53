import MantaWire
import Testing

@Suite("containers used by hand")
struct ContainerTests {
    class Animal: Codable {
        var name: String
        init(name: String) { self.name = name }
    }

    final class Dog: Animal {
        var tricks: [String]
        /// Whether the superclass shares the map or has a map of its own.
        var isShared: Bool

        enum CodingKeys: CodingKey { case tricks, isShared, parent }

        init(name: String, tricks: [String], isShared: Bool) {
            self.tricks = tricks
            self.isShared = isShared
            super.init(name: name)
        }

        required init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            tricks = try container.decode([String].self, forKey: .tricks)
            isShared = try container.decode(Bool.self, forKey: .isShared)
            try super.init(from: isShared ? decoder : container.superDecoder())
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            if !isShared { try super.encode(to: container.superEncoder()) }
            try container.encode(tricks, forKey: .tricks)
            try container.encode(isShared, forKey: .isShared)
            if isShared { try super.encode(to: encoder) }
        }
    }

    @Test("a class and its superclass share a map or nest, as they choose")
    func classes() throws {
        for isShared in [true, false] {
            let dogs = [
                Dog(name: "Rex", tricks: ["sit"], isShared: isShared),
                Dog(name: "", tricks: [], isShared: isShared),
            ]
            let back = try roundTrip(dogs)
            #expect(back.map(\.name) == ["Rex", ""])
            #expect(back.map(\.tricks) == [["sit"], []])
        }
        let nested = Dog(name: "R", tricks: [], isShared: false)
        #expect(
            try encoded(nested) == "a3" + "657375706572" + "a1646e616d656152" + "66747269636b73" + "80"
                + "686973536861726564" + "f4"
        )
    }

    private enum Key: String, CodingKey { case first, second, third }

    /// Writes to a parent and to what is nested in it by turns.
    private struct Interleaved: Codable, Equatable {
        var rounds: Int
        /// Larger than a one-byte head can count.
        var expected: [Int] { Array(0..<rounds) }

        init(rounds: Int) { self.rounds = rounds }

        func encode(to encoder: any Encoder) throws {
            var outer = encoder.container(keyedBy: Key.self)
            var map = outer.nestedContainer(keyedBy: Key.self, forKey: .first)
            var array = outer.nestedUnkeyedContainer(forKey: .second)
            var inner = array.nestedUnkeyedContainer()
            let above = outer.superEncoder(forKey: .third)
            try outer.encode("between", forKey: Key.first)
            for round in 0..<rounds {
                try inner.encode(round)
                try array.encode("\(round)")
            }
            try map.encode(rounds, forKey: .second)
            try map.encode([rounds: "x"], forKey: .third)
            var single = above.singleValueContainer()
            try single.encode(rounds)
        }

        init(from decoder: any Decoder) throws {
            let outer = try decoder.container(keyedBy: Key.self)
            let above = try outer.superDecoder(forKey: .third)
            var array = try outer.nestedUnkeyedContainer(forKey: .second)
            var inner = try array.nestedUnkeyedContainer()
            let map = try outer.nestedContainer(keyedBy: Key.self, forKey: .first)
            rounds = try map.decode(Int.self, forKey: .second)
            #expect(try map.decode([Int: String].self, forKey: .third) == [rounds: "x"])
            for round in 0..<rounds {
                #expect(try inner.decode(Int.self) == round)
                #expect(try array.decode(String.self) == "\(round)")
            }
            #expect(inner.isAtEnd && array.isAtEnd)
            #expect(try above.singleValueContainer().decode(Int.self) == rounds)
        }
    }

    @Test("writes to a parent and to nested containers may alternate", arguments: [0, 1, 23, 24, 300])
    func interleaving(rounds: Int) throws {
        try expectRoundTrip(Interleaved(rounds: rounds))
        try expectRoundTrip([Interleaved(rounds: rounds), Interleaved(rounds: 1)])
        try expectRoundTrip(["a": Interleaved(rounds: rounds), "b": Interleaved(rounds: 2)])
    }

    @Test("nested containers land where they were made")
    func nestedBytes() throws {
        struct Nested: Encodable {
            func encode(to encoder: any Encoder) throws {
                var outer = encoder.unkeyedContainer()
                var first = outer.nestedUnkeyedContainer()
                var second = outer.nestedContainer(keyedBy: Key.self)
                try outer.encode(1)
                _ = outer.superEncoder()
                try second.encode(2, forKey: .first)
                try first.encode(3)
                try outer.encodeNil()
                var innermost = first.nestedUnkeyedContainer()
                try first.encode(4)
                try innermost.encode(5)
                #expect(outer.count == 5 && first.count == 3)
            }
        }
        #expect(try encoded(Nested()) == "85" + "83038105" + "04" + "a165666972737402" + "01" + "a0" + "f6")
    }

    /// What a random program has written.
    private final class Written: Encodable {
        private(set) var parts: [Written] = []
        private var number: Int?
        private var random: SeededGenerator
        private let steps: Int

        init(seed: UInt64, steps: Int) {
            random = SeededGenerator(seed: seed)
            self.steps = steps
        }

        private init(number: Int?) {
            self.number = number
            random = SeededGenerator(seed: 0)
            steps = 0
        }

        func encode(to encoder: any Encoder) throws {
            var open: [(container: any UnkeyedEncodingContainer, written: Written)] = [
                (encoder.unkeyedContainer(), self)
            ]
            for _ in 0..<steps {
                // The last one made is the likeliest, so that some are deep.
                let index = random.next() % 3 == 0 ? Int(random.next() % UInt64(open.count)) : open.count - 1
                let part: Written
                switch random.next() % 5 {
                case 0:
                    part = Written(number: nil)
                    open.append((open[index].container.nestedUnkeyedContainer(), part))
                case 1:
                    part = Written(number: nil)
                    open.append((open[index].container.superEncoder().unkeyedContainer(), part))
                case 2:
                    part = Written(seed: random.next(), steps: steps / 3)
                    try open[index].container.encode(part)
                default:
                    part = Written(number: Int(random.next() % 1000))
                    try open[index].container.encode(part.number ?? 0)
                }
                open[index].written.parts.append(part)
            }
        }

        var bytes: [UInt8] {
            get throws {
                if let number { return try CBOR.encode(number) }
                // An array of as many bools has the same head.
                let head = try CBOR.encode([Bool](repeating: true, count: parts.count)).dropLast(parts.count)
                return try parts.reduce(into: Array(head)) { $0 += try $1.bytes }
            }
        }
    }

    @Test("whatever the order of writes, every part lands in its place", arguments: 0..<100 as Range<UInt64>)
    func anyOrder(seed: UInt64) throws {
        let written = Written(seed: seed, steps: 80)
        let encoded = try CBOR.encode(written)
        #expect(try encoded == written.bytes, "seed \(seed)")
        #expect(try skippedCount(encoded) == encoded.count)
    }

    @Test("a failed value may be caught and leaves no trace")
    func caught() throws {
        struct Refusing: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                var nested = container.nestedUnkeyedContainer(forKey: .first)
                try nested.encode("lost")
                throw WireError(.malformed, "refused")
            }
        }
        struct Trying: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: Key.self)
                try? container.encode(Refusing(), forKey: .first)
                var array = container.nestedUnkeyedContainer(forKey: .second)
                try? array.encode(Refusing())
                try? array.encode([Refusing()])
                try array.encode(1)
            }
        }
        #expect(try encoded(Trying()) == "a1" + "667365636f6e64" + "8101")
    }

    @Test("two values in a single-value container are an error")
    func twoValues() throws {
        struct Two: Encodable {
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(1)
                try container.encode(2)
            }
        }
        #expect(throws: EncodingError.self) { try CBOR.encode([Two()]) }
    }

    private struct PathProbe: Codable {
        init() {}
        static func path(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: "/") }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(Self.path(container.codingPath))
        }
        init(from decoder: any Decoder) throws {
            #expect(try decoder.singleValueContainer().decode(String.self) == Self.path(decoder.codingPath))
        }
    }

    @Test("a coding path names keys and indices, for encoders and decoders alike")
    func codingPath() throws {
        let probe = PathProbe()
        let encoded = try CBOR.encode(["key": [[7: probe], [8: probe]]])
        #expect(hex(encoded).contains(hex(Array("key/Index 1/8".utf8))))
        _ = try CBOR.decode([String: [[Int: PathProbe]]].self, from: encoded)
    }

    @Test("copies of an unkeyed container read on by themselves, and a peek changes nothing")
    func copies() throws {
        struct Peeking: Decodable {
            init(from decoder: any Decoder) throws {
                var container = try decoder.unkeyedContainer()
                let copy = container
                #expect(try container.decode(Int.self) == 1)
                #expect(throws: DecodingError.self) { try container.decode(Int.self) }
                #expect(try container.decodeNil() == false)
                #expect(try container.decode(String.self) == "a")
                var again = copy
                #expect(again.currentIndex == 0)
                #expect(try again.decode(Int.self) == 1)
                #expect(try container.decodeNil() && container.isAtEnd)
                #expect(try container.decodeIfPresent(Int.self) == nil)
                #expect(throws: DecodingError.self) { try container.decode(Int.self) }
            }
        }
        _ = try decoded([Peeking].self, "82" + "83016161f6" + "9f016161f6ff")
    }

    @Test("contains, allKeys and decodeNil do not disturb reading in order")
    func questions() throws {
        struct Asking: Decodable {
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: Key.self)
                #expect(container.allKeys == [.first, .second])
                #expect(container.contains(.second) && !container.contains(.third))
                #expect(try container.decodeNil(forKey: .second))
                #expect(try !container.decodeNil(forKey: .first))
                #expect(try container.decode(Int.self, forKey: .first) == 1)
                #expect(try container.decodeIfPresent(Int.self, forKey: .second) == nil)
                #expect(try container.decodeIfPresent(Int.self, forKey: .third) == nil)
                #expect(try container.decode(Int.self, forKey: .first) == 1)
            }
        }
        let map = "a3" + "65666972737401" + "637878788101" + "667365636f6e64f6"
        _ = try decoded([Asking].self, "82" + map + map)
        _ = try decoded(Asking.self, "bf" + map.dropFirst(2) + "ff")
    }

    @Test("a decoder kept too long gives errors and no stray memory")
    func keptDecoder() throws {
        final class Keeping: Decodable {
            let decoder: any Decoder
            let container: KeyedDecodingContainer<Key>
            init(from decoder: any Decoder) throws {
                self.decoder = decoder
                container = try decoder.container(keyedBy: Key.self)
            }
        }
        let kept = try decoded(Keeping.self, "a1" + "65666972737401")
        #expect(throws: WireError.self) { try kept.container.decode(Int.self, forKey: .first) }
        #expect(throws: WireError.self) { try kept.decoder.singleValueContainer().decode(Int.self) }
        #expect(throws: WireError.self) { try kept.decoder.unkeyedContainer() }
        #expect(kept.container.allKeys.isEmpty && kept.decoder.codingPath.isEmpty)
    }
}
