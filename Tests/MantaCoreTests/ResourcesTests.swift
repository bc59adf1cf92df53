import Foundation
import MantaCore
import Testing

struct ResourcesTests {
    @Test("shares of a core add up exactly")
    func exactShares() {
        let tenth = Quantity(0.1)
        #expect(tenth.units == 1_000)
        #expect((0..<10).reduce(0) { sum, _ in sum + tenth.units } == Quantity(1).units)
        #expect(Quantity(1.0 / 3).units == 3_333)
    }

    @Test("an amount is rounded to the nearest ten-thousandth, and what is something does not become nothing")
    func rounding() {
        #expect(Quantity(1.000_04).units == 10_000)
        #expect(Quantity(1.000_06).units == 10_001)
        #expect(Quantity(0.0).units == 0)
        #expect(Quantity(0.000_04).units == 1)
        #expect(Quantity(-0.000_04).units == -1)
    }

    @Test("an amount beyond what can be held is held at the limit, and what is no number is less than any")
    func limits() {
        #expect(Quantity(1e300).units == .max)
        #expect(Quantity(-.infinity).units == .min)
        #expect(Quantity(.nan).units == .min)
    }

    @Test("memory is counted in bytes, whole even for terabytes")
    func memory() {
        #expect(Quantity.gibibytes(2).value == 2_147_483_648)
        #expect(Quantity.mebibytes(0.5).value == 524_288)
        #expect(Quantity.gibibytes(4_096).units == 4_398_046_511_104 * Quantity.unitsPerWhole)
    }

    @Test(
        "an amount prints without trailing zeros",
        arguments: [
            (Quantity(4), "4"), (0.5, "0.5"), (0.000_1, "0.0001"), (2_147_483_648, "2147483648"),
            (-1.25, "-1.25"),
        ]
    )
    func quantityDescription(quantity: Quantity, text: String) {
        #expect(quantity.description == text)
    }

    @Test("zero and nothing are the same, however they come about")
    func zeroIsAbsent() {
        var set: Resources = [.cpu: 2, .gpu: 0]
        #expect(set == [.cpu: 2])
        set[.cpu] = 0
        #expect(set.isEmpty && set == [:])
        set["tpu"] = 1
        set["tpu"] = nil
        #expect(set.hashValue == Resources().hashValue && set == [:])
    }

    @Test("of a resource named twice the last amount holds")
    func namedTwice() {
        #expect([.cpu: 1, .cpu: 3] as Resources == [.cpu: 3])
    }

    @Test("resources print sorted by name")
    func description() {
        let resources: Resources = ["tpu": 4, .memory: 1_024, .cpu: 0.5, "licence": 1]
        #expect(resources.description == "[cpu: 0.5, licence: 1, memory: 1024, tpu: 4]")
        #expect(Resources().description == "[]")
    }

    @Test("resources are encoded as a map from names to units, and come back equal")
    func coding() throws {
        let resources: Resources = [.cpu: 0.5, "tpu": 4]
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let bytes = try encoder.encode(resources)
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"cpu":5000,"tpu":40000}"#)
        #expect(try JSONDecoder().decode(Resources.self, from: bytes) == resources)
    }

    @Test("a zero that a peer sends is dropped, so equal demands stay equal")
    func decodedZero() throws {
        let bytes = Data(#"{"cpu":10000,"gpu":0}"#.utf8)
        #expect(try JSONDecoder().decode(Resources.self, from: bytes) == [.cpu: 1])
    }
}
