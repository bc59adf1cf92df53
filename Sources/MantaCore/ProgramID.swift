/// Identifies an executable by what is in it: the SHA-256 of its bytes.
public struct ProgramID: Hashable, Sendable, CustomStringConvertible {
    package static let byteCount = 32

    package let bytes: [UInt8]

    /// - Parameter bytes: The digest.
    /// - Throws: ``IdentifierError`` when it is not 32 bytes long.
    package init(_ bytes: [UInt8]) throws(IdentifierError) {
        guard bytes.count == Self.byteCount else {
            throw IdentifierError(description: "a SHA-256 of \(bytes.count) bytes")
        }
        self.bytes = bytes
    }

    /// - Parameter text: As ``description`` writes it.
    /// - Throws: ``IdentifierError`` for any other text.
    package init(from text: some StringProtocol) throws(IdentifierError) {
        let digits = Array(text.utf8)
        let bytes: [UInt8] = stride(from: 0, to: digits.count - digits.count % 2, by: 2).compactMap { index in
            guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1])
            else { return nil }
            return high << 4 | low
        }
        guard digits.count == 2 * Self.byteCount, bytes.count == Self.byteCount else {
            throw IdentifierError(description: "\"\(text)\" is not 64 lower-case hexadecimal digits")
        }
        self.bytes = bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// 64 hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] },
            as: UTF8.self
        )
    }
}

extension ProgramID: Codable {
    public init(from decoder: any Decoder) throws {
        try self.init(from: decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
