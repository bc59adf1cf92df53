/// What all processes of a cluster know and nobody else: who knows it may do everything in the cluster.
///
/// 32 random bytes, kept in a file of its user. It proves itself in the handshake of TLS and never leaves the
/// process. There is no way to print one by mistake.
package struct ClusterSecret: Sendable {
    static let byteCount = 32

    let bytes: SecretBytes

    package static func generate() -> ClusterSecret {
        var random = SystemRandomNumberGenerator()
        let bytes = SecretBytes(byteCount: byteCount) { bytes in
            for index in bytes.indices { bytes[index] = random.next() }
        }
        return ClusterSecret(bytes: bytes)
    }

    private init(bytes: SecretBytes) { self.bytes = bytes }
}

extension ClusterSecret: Equatable {
    package static func == (first: Self, second: Self) -> Bool { first.bytes.equals(second.bytes) }
}

/// As text: 64 hexadecimal digits and the end of the line.
extension ClusterSecret {
    static let textByteCount = 2 * byteCount + 1

    /// `nil` when `text` is anything else; the end of the line may be missing.
    init?(text: UnsafeRawBufferPointer) {
        let digits = text.last == 0x0A ? UnsafeRawBufferPointer(rebasing: text.dropLast()) : text
        guard digits.count == 2 * Self.byteCount else { return nil }
        var isFine = true
        bytes = SecretBytes(byteCount: Self.byteCount) { bytes in
            for index in bytes.indices {
                guard let high = value(of: digits[2 * index]), let low = value(of: digits[2 * index + 1])
                else {
                    isFine = false
                    return
                }
                bytes[index] = high << 4 | low
            }
        }
        guard isFine else { return nil }
    }

    /// Fills `text`, which has room for `textByteCount` bytes.
    func write(into text: UnsafeMutableRawBufferPointer) {
        bytes.withBytes { bytes in
            for (index, byte) in bytes.enumerated() {
                text[2 * index] = digit(byte >> 4)
                text[2 * index + 1] = digit(byte & 15)
            }
        }
        text[2 * Self.byteCount] = 0x0A
    }
}

private func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

private func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}
