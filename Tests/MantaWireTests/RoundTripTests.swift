import Foundation
import Manta
import MantaWire
import Testing

/// Random values of every shape come back equal.
@Suite("round trips of random values")
struct RoundTripTests {
    enum Tree: Codable, Equatable {
        case leaf
        case number(Int64, Float)
        case text(String?)
        case bytes([UInt8], data: Data)
        case numbers(shorts: [Int16], doubles: [Double], words: [UInt32])
        case list([Tree])
        case map([String: Tree], ids: [Int: Tree])
        case keyed([UUID: Tree])
        case flags(Bool, Bool?, [Bool?])
        indirect case pair(Tree, right: Tree?)
    }

    private struct Maker {
        var random: SeededGenerator

        mutating func number(below limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

        /// Small and large magnitudes alike.
        mutating func integer() -> Int64 { Int64(bitPattern: random.next()) >> Int64(number(below: 64)) }

        mutating func text() -> String {
            let letters: [Character] = ["a", "Z", " ", "é", "水", "🦭", "\u{0}", "\n"]
            return String((0..<number(below: 40)).map { _ in letters[number(below: letters.count)] })
        }

        mutating func array<T>(_ make: (inout Maker) -> T) -> [T] {
            let count = number(below: 8) == 0 ? number(below: 300) : number(below: 5)
            return (0..<count).map { _ in make(&self) }
        }

        mutating func tree(depth: Int) -> Tree {
            func child(_ maker: inout Maker) -> Tree { maker.tree(depth: depth - 1) }
            switch number(below: depth == 0 ? 6 : 11) {
            case 0: return .leaf
            case 1: return .number(integer(), Float(integer()) / 16)
            case 2: return .text(number(below: 2) == 0 ? nil : text())
            case 3:
                return .bytes(
                    array { UInt8($0.number(below: 256)) },
                    data: Data(array { UInt8($0.number(below: 256)) })
                )
            case 4:
                return .numbers(
                    shorts: array { Int16(truncatingIfNeeded: $0.integer()) },
                    doubles: array { Double($0.integer()) * 1.1 },
                    words: array { UInt32(truncatingIfNeeded: $0.integer()) }
                )
            case 5:
                return .flags(number(below: 2) == 0, nil, array { [nil, true, false][$0.number(below: 3)] })
            case 6: return .list(few(child))
            case 7:
                let named = few { maker in (maker.text(), child(&maker)) }
                let numbered = few { maker in (Int(maker.integer()), child(&maker)) }
                return .map(
                    Dictionary(named) { first, _ in first },
                    ids: Dictionary(numbered) { first, _ in first }
                )
            case 8: return .keyed(Dictionary(few { maker in (UUID(), child(&maker)) }) { first, _ in first })
            case 9: return .pair(child(&self), right: nil)
            default: return .pair(child(&self), right: child(&self))
            }
        }

        mutating func few<T>(_ make: (inout Maker) -> T) -> [T] {
            (0..<number(below: 30 / 8)).map { _ in make(&self) }
        }
    }

    @Test("trees of enums, collections and optionals", arguments: 0..<100 as Range<UInt64>)
    func trees(seed: UInt64) throws {
        var maker = Maker(random: SeededGenerator(seed: seed))
        for _ in 0..<10 {
            let tree = maker.tree(depth: 6)
            try expectRoundTrip(tree, "seed \(seed)")
            try expectRoundTrip(["a": tree, "b": tree], "seed \(seed)")
        }
    }

    @Test("several values in one buffer are read back one after the other, from a reused writer")
    func sequence() throws {
        let writer = ByteWriter()
        var maker = Maker(random: SeededGenerator(seed: 99))
        for _ in 0..<50 {
            writer.removeAll()
            let trees = (0..<5).map { _ in maker.tree(depth: 4) }
            for tree in trees {
                try CBOR.encode(tree, into: writer)
                try CBOR.encode("between", into: writer)
            }
            var reader = ByteReader(writer.bytes)
            for tree in trees {
                #expect(try CBOR.decode(Tree.self, from: &reader) == tree)
                #expect(try CBOR.decode(String.self, from: &reader) == "between")
            }
            #expect(reader.isAtEnd)
        }
    }
}
