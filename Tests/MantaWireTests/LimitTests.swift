import MantaWire
import Testing

@Suite("hostile input")
struct LimitTests {
    /// A list whose tail is another list, as deep as the input.
    private final class Chain: Codable {
        var next: [Chain]
        init(next: [Chain]) { self.next = next }
        init(from decoder: any Decoder) throws {
            next = try decoder.singleValueContainer().decode([Chain].self)
        }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(next)
        }
    }

    /// Reads nothing of its item.
    private struct Anything: Decodable {}

    private func nested(_ head: String, _ depth: Int, _ innermost: String) -> [UInt8] {
        bytes(String(repeating: head, count: depth) + innermost)
    }

    @Test("256 levels are read and written, one more is an error")
    func depth() throws {
        let deepest = nested("81", CBOR.depthLimit - 1, "80")
        #expect(try skippedCount(deepest) == deepest.count)
        let chain = try CBOR.decode(Chain.self, from: deepest)
        #expect(try CBOR.encode(chain) == deepest)
        #expect(throws: EncodingError.self) { try CBOR.encode(Chain(next: [chain])) }

        let tooDeep = nested("81", CBOR.depthLimit, "80")
        #expect(wireErrorCode(Chain.self, tooDeep) == .tooDeep)
        // Also where nobody asks for it.
        #expect(wireErrorCode(Anything.self, bytes("a16161") + deepest) == .tooDeep)
        #expect(wireErrorCode([Anything].self, [0x81] + deepest) == .tooDeep)
        let error = #expect(throws: WireError.self) { try skippedCount(tooDeep) }
        #expect(error?.code == .tooDeep)
    }

    @Test(
        "a million levels of anything overflow no stack",
        arguments: ["81", "a1", "9f", "bf", "bf6161", "8200", "5f", "7f"]
    )
    func veryDeep(head: String) throws {
        let input = nested(head, 1_000_000, "00")
        #expect(throws: WireError.self) { try skippedCount(input) }
        #expect(throws: (any Error).self) { try CBOR.decode(Chain.self, from: input) }
        #expect(throws: (any Error).self) { try CBOR.decode([String: Chain].self, from: input) }
    }

    @Test("a million tags in front of a value are skipped without recursion", arguments: ["c1", "d9d9f7"])
    func manyTags(head: String) throws {
        let input = nested(head, 1_000_000, "07")
        #expect(try skippedCount(input) == input.count)
        #expect(try CBOR.decode(Int.self, from: input) == 7)
        #expect(try CBOR.decode(Int?.self, from: input) == 7)
        #expect(throws: DecodingError.self) { try CBOR.decode(Chain.self, from: input) }
    }

    @Test(
        "lengths beyond the input are refused before anything is allocated",
        arguments: ["5b", "7b", "9b", "bb"]
    )
    func announcedLengths(head: String) throws {
        for length in ["1000000000000000", "7fffffffffffffff", "8000000000000000", "ffffffffffffffff"] {
            let input = bytes(head + length + "00")
            for tag in [[], bytes("d855"), bytes("d840"), bytes("c2")] {
                #expect(wireErrorCode([Float].self, tag + input) == .truncated)
                #expect(wireErrorCode([UInt8].self, tag + input) == .truncated)
                #expect(wireErrorCode([String].self, tag + input) == .truncated)
                #expect(wireErrorCode([String: Int].self, tag + input) == .truncated)
                #expect(wireErrorCode(String.self, tag + input) == .truncated)
                #expect(wireErrorCode(Int.self, tag + input) == .truncated)
                #expect(wireErrorCode([[Int]?].self, [0x81] + tag + input) == .truncated)
            }
        }
    }

    @Test(
        "ill-formed items are malformed",
        arguments: [
            "1c", "1d", "1e", "1f", "3f", "5c", "7d", "9e", "bc", "dc", "df", "fc", "fd", "fe", "ff", "f800",
            "f81f",
            "81ff", "a100ff", "a1ff00", "bf00ff", "5f00ff", "5f6100ff", "7f4100ff", "5f5f4100ffff", "8200ff",
            "c1ff",
        ]
    )
    func illFormed(hex: String) throws {
        let input = bytes(hex)
        let error = #expect(throws: WireError.self) { try skippedCount(input) }
        #expect(error?.code == .malformed)
        #expect(wireErrorCode(Anything.self, input) == .malformed)
    }

    @Test("text that is not UTF-8 is refused", arguments: ["61ff", "62c328", "7f61c361bcff", "63eda080"])
    func invalidText(hex: String) throws {
        #expect(wireErrorCode(String.self, bytes(hex)) == .invalidText)
        #expect(wireErrorCode([String].self, [0x81] + bytes(hex)) == .invalidText)
    }

    @Test("bytes behind the item are refused where nothing may follow")
    func trailing() throws {
        #expect(wireErrorCode(Int.self, [0, 0]) == .trailingBytes)
        #expect(wireErrorCode([Int].self, [0x80, 0x80]) == .trailingBytes)
    }

    @Test("large maps of equal or unwanted keys are read in linear time")
    func hostileMaps() throws {
        // Quadratic work would be 10^10 steps here, far beyond the time limit of any test run.
        let count = 100_000
        let head = bytes("ba000186a0")
        let equal = head + (0..<count).flatMap { _ in [0x61, 0x61, 0x01] as [UInt8] }
        #expect(try CBOR.decode([String: Int].self, from: equal) == ["a": 1])
        struct Wanted: Decodable { var a, b, c, d, e, f: Int? }
        let wanted = try CBOR.decode(Wanted.self, from: equal)
        #expect(wanted.a == 1 && wanted.f == nil)
        let empty = head + (0..<count).flatMap { _ in [0x60, 0x01] as [UInt8] }
        #expect(try CBOR.decode(Wanted.self, from: empty).a == nil)
    }
}
