internal import MantaWire

/// What a process is told when it is started, in a variable of its environment.
package protocol LaunchRecord: Codable, Sendable {
    static var variable: String { get }
}

extension LaunchRecord {
    /// As the variable's value: CBOR in hexadecimal digits.
    package func encoded() throws -> String {
        try CBOR.encode(self).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    package init(encoded text: String) throws {
        let digits = Array(text.utf8)
        let bytes = stride(from: 0, to: digits.count - digits.count % 2, by: 2).compactMap { index in
            UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16)
        }
        self = try CBOR.decode(Self.self, from: bytes)
    }
}
