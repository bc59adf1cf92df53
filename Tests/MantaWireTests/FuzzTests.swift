import Foundation
import Manta
import MantaWire
import Testing

/// Random and mutated bytes into every reader: any outcome but a trap is right, and what is accepted must be
/// stable.
@Suite("fuzzing")
struct FuzzTests {
    struct Record: Codable, Equatable {
        enum Kind: String, Codable { case small, large }
        enum Payload: Codable, Equatable {
            case none
            case numbers([Int16], Float?)
            indirect case nested(Payload)
        }
        var id: Int32
        var name: String?
        var kind: Kind
        var payload: [Payload]
        var table: [String: [Float]]
        var sparse: [Int: Data]
        var deep: [[[UInt8]]]
        var date: Date
    }

    private static let corpus: [[UInt8]] = {
        let record = Record(
            id: 7,
            name: "näme",
            kind: .large,
            payload: [.none, .numbers([1, -2], 3.5), .nested(.nested(.none))],
            table: ["a": [1, 2], "b": []],
            sparse: [1: Data([1, 2, 3]), -5: Data()],
            deep: [[[1], []], []],
            date: Date(timeIntervalSinceReferenceDate: 1.25)
        )
        let samples: [[UInt8]?] = [
            try? CBOR.encode(record), try? CBOR.encode([record, record]),
            try? CBOR.encode(["k": record.payload]),
            try? CBOR.encode((0..<40).map { "\($0)" }), try? CBOR.encode([1: "a", 2: "b"]),
        ]
        return samples.compactMap(\.self) + AppendixATests.examples.map { bytes($0.hex) }
    }()

    /// Bytes that mean something are more likely to get somewhere.
    private static let interesting: [UInt8] = [
        0x00, 0x17, 0x18, 0x1B, 0x20, 0x3B, 0x40, 0x5B, 0x5F, 0x60, 0x61, 0x7F, 0x80, 0x81, 0x9B, 0x9F, 0xA0,
        0xA1,
        0xBB, 0xBF, 0xC0, 0xC2, 0xC3, 0xD8, 0xF5, 0xF6, 0xF7, 0xF8, 0xF9, 0xFB, 0xFF,
    ]

    private func makeInput(_ random: inout SeededGenerator) -> [UInt8] {
        guard random.next() % 4 != 0, var input = Self.corpus.randomElement(using: &random) else {
            return (0..<Int(random.next() % 24)).map { _ in
                random.next() % 2 == 0
                    ? Self.interesting[Int(random.next() % UInt64(Self.interesting.count))]
                    : UInt8(truncatingIfNeeded: random.next())
            }
        }
        for _ in 0..<(random.next() % 4) where !input.isEmpty {
            let index = Int(random.next() % UInt64(input.count))
            switch random.next() % 6 {
            case 0: input[index] ^= 1 << UInt8(random.next() % 8)
            case 1: input[index] = Self.interesting[Int(random.next() % UInt64(Self.interesting.count))]
            case 2: input.remove(at: index)
            case 3: input.insert(UInt8(truncatingIfNeeded: random.next()), at: index)
            case 4: input.removeSubrange(index...)
            default:
                let other = Self.corpus[Int(random.next() % UInt64(Self.corpus.count))]
                input.insert(contentsOf: other.prefix(32), at: index)
            }
        }
        return input
    }

    /// Decodes; what is accepted encodes to bytes that decode to what encodes to the same bytes.
    private func probe<T: Codable>(_ type: T.Type, _ input: [UInt8], ordered: Bool = true) throws -> Bool {
        guard let value = try? CBOR.decode(type, from: input) else { return false }
        let bytes = try CBOR.encode(value)
        #expect(try skippedCount(input) == input.count)
        #expect(try skippedCount(bytes) == bytes.count)
        let again = try CBOR.encode(try CBOR.decode(type, from: bytes))
        // The order of dictionaries and sets differs from one instance to the next.
        #expect(ordered ? again == bytes : again.count == bytes.count)
        return true
    }

    @Test("no input traps, and what is accepted is stable", arguments: [1, 2, 3, 4] as [UInt64])
    func fuzz(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var acceptedCount = 0
        for round in 0..<50_000 {
            let input = makeInput(&random)
            _ = try? skippedCount(input)
            // Each input meets one type that can hold part of the corpus, and half of them a second one.
            var accepted = false
            switch round % 4 {
            case 0: accepted = try probe(Record.self, input, ordered: false)
            case 1: accepted = try probe([Record.Payload].self, input)
            case 2: accepted = try probe([String: Double?].self, input, ordered: false)
            default: accepted = try probe([Int: Data].self, input, ordered: false)
            }
            switch random.next() % 12 {
            case 0: accepted = try probe([[Float]?].self, input) || accepted
            case 1: accepted = try probe([String].self, input) || accepted
            case 2: accepted = try probe(UInt128.self, input) || accepted
            case 3: accepted = try probe(Double?.self, input) || accepted
            case 4: accepted = try probe(String.self, input) || accepted
            case 5: accepted = try probe([Int].self, input) || accepted
            default: break
            }
            if accepted { acceptedCount += 1 }
        }
        // A fuzzer whose every input is refused at once tests nothing.
        #expect(acceptedCount > 1_000, "seed \(seed): \(acceptedCount) accepted")
    }
}
