internal import CMantaShims
internal import MantaGCS

/// The parts in which a large commit is written down before it takes place.
///
/// A part is a row of entries: kind (1 byte), id (8), length of the value (4, all ones for an entry that is removed), the
/// value; all little endian. The last 4 bytes are the CRC32C of those before.
enum EtcdJournal {
    private static let removed = UInt32.max

    /// The name of a part: in the order of their numbers.
    static func name(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// The commit in parts, of which each has at most `size` bytes unless a single entry is larger.
    static func parts(of changes: [StoredEntry], size: Int) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        for entry in changes {
            let length = 13 + (entry.value?.count ?? 0)
            if !part.isEmpty, part.count + length > size {
                parts.append(sealed(part))
                part = []
            }
            part.append(entry.key.kind.rawValue)
            append(entry.key.id, to: &part)
            append(entry.value.map { UInt32($0.count) } ?? removed, to: &part)
            part += entry.value ?? []
        }
        parts.append(sealed(part))
        return parts
    }

    /// The commit again; `nil` when a part is damaged.
    static func changes(in parts: [[UInt8]]) -> [StoredEntry]? {
        var changes: [StoredEntry] = []
        for part in parts {
            guard part.count >= 4, sealed(Array(part.dropLast(4))) == part else { return nil }
            var rest = part.dropLast(4)
            while !rest.isEmpty {
                guard let byte = rest.popFirst(), let kind = StoredEntry.Kind(rawValue: byte),
                    let id = number(8, of: &rest), let length = number(4, of: &rest)
                else { return nil }
                let key = StoredEntry.Key(kind, id)
                if length == UInt64(removed) {
                    changes.append(StoredEntry(key, nil))
                } else {
                    guard rest.count >= length else { return nil }
                    changes.append(StoredEntry(key, Array(rest.prefix(Int(length)))))
                    rest = rest.dropFirst(Int(length))
                }
            }
        }
        return changes
    }

    private static func sealed(_ part: [UInt8]) -> [UInt8] {
        var sealed = part
        append(part.withUnsafeBytes { manta_crc32c(0, $0.baseAddress, $0.count) }, to: &sealed)
        return sealed
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }

    private static func number(_ count: Int, of bytes: inout ArraySlice<UInt8>) -> UInt64? {
        guard bytes.count >= count else { return nil }
        defer { bytes = bytes.dropFirst(count) }
        return bytes.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
