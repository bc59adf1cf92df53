import MantaWire
import Testing

/// A generator that replays: SplitMix64 (Steele, Lea, Flood 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

func bytes(_ hex: String) -> [UInt8] {
    var result: [UInt8] = []
    var high: UInt8?
    for character in hex {
        guard let digit = character.hexDigitValue.map(UInt8.init) else { continue }
        if let first = high {
            result.append(first << 4 | digit)
            high = nil
        } else {
            high = digit
        }
    }
    return result
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }
    .joined()
}

func encoded<T: Encodable>(_ value: T) throws -> String { hex(try CBOR.encode(value)) }

func decoded<T: Decodable>(_ type: T.Type, _ hex: String) throws -> T {
    try CBOR.decode(type, from: bytes(hex))
}

/// Encodes, skips and decodes a value; the result must be the value and all of it must be read.
func roundTrip<T: Codable>(_ value: T) throws -> T {
    let encoded = try CBOR.encode(value)
    #expect(try skippedCount(encoded) == encoded.count)
    return try CBOR.decode(T.self, from: encoded)
}

func expectRoundTrip<T: Codable & Equatable>(
    _ value: T,
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    #expect(try roundTrip(value) == value, comment, sourceLocation: sourceLocation)
}

/// How many bytes the first item takes.
func skippedCount(_ bytes: [UInt8]) throws -> Int {
    try bytes.withUnsafeBytes { bytes in
        var reader = ByteReader(bytes)
        try CBOR.skip(&reader)
        return reader.offset
    }
}

/// The code of the error that reading a value gives; `nil` if it is another kind of error, or none.
func wireErrorCode<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) -> WireError.Code? {
    do {
        _ = try CBOR.decode(type, from: bytes)
        return nil
    } catch {
        return (error as? WireError)?.code
    }
}

/// What kind of `DecodingError` reading a value gives, and the path in it.
func decodingFailure<T: Decodable>(_ type: T.Type, _ hex: String) -> String? {
    do {
        _ = try decoded(type, hex)
        return nil
    } catch DecodingError.typeMismatch(_, let context) {
        return "typeMismatch at \(context.path)"
    } catch DecodingError.valueNotFound(_, let context) {
        return "valueNotFound at \(context.path)"
    } catch DecodingError.keyNotFound(let key, let context) {
        return "keyNotFound \(key.stringValue) at \(context.path)"
    } catch DecodingError.dataCorrupted(let context) {
        return "dataCorrupted at \(context.path)"
    } catch {
        return "\(error)"
    }
}

extension DecodingError.Context {
    fileprivate var path: String { "/" + codingPath.map(\.stringValue).joined(separator: "/") }
}
