import CFloor

/// What objects are filled with.
enum Content: String, Codable, Sendable {
    case random
    case zeros
    /// Words, which LZ4 makes about 2.6 times smaller.
    case text

    /// Fills all of `bytes`.
    func fill(_ bytes: inout [UInt8], seed: UInt64) {
        bytes.withUnsafeMutableBytes { bytes in
            switch self {
            case .random: cfloor_fill_random(bytes.baseAddress, bytes.count, seed)
            case .zeros: bytes.initializeMemory(as: UInt8.self, repeating: 0)
            case .text: cfloor_fill_text(bytes.baseAddress, bytes.count, seed)
            }
        }
    }
}
