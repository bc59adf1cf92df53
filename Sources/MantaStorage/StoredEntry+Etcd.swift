internal import Foundation
internal import MantaGCS

extension EtcdKey {
    /// The first key after this one.
    init(following key: Data) { base64 = (key + [0]).base64EncodedString() }

    fileprivate init(_ key: StoredEntry.Key, prefix: String) {
        let id = String(key.id, radix: 16)
        // As long as each other, so that keys are in the order of their numbers.
        self.init("\(prefix)\(key.kind.rawValue)/" + String(repeating: "0", count: 16 - id.count) + id)
    }
}

extension StoredEntry.Key {
    /// From the end of a key of etcd, `kind/id`.
    init?(etcd key: some DataProtocol) {
        let parts = String(decoding: key, as: UTF8.self).split(
            separator: "/",
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, let kind = UInt8(parts[0]).flatMap({ StoredEntry.Kind(rawValue: $0) }),
            parts[1].count == 16, let id = UInt64(parts[1], radix: 16)
        else { return nil }
        self.init(kind, id)
    }
}

extension StoredEntry {
    /// An entry with its checksum before its value; `nil` when that is another one.
    init?(_ key: Key, etcd value: Data) {
        let bytes = [UInt8](value)
        guard bytes.count >= 4 else { return nil }
        let checksum = bytes[..<4].reversed().reduce(0) { $0 << 8 | Int64($1) }
        let value = Array(bytes[4...])
        guard key.checksum(of: value) == checksum else { return nil }
        self.init(key, value)
    }

    /// The operation that writes or removes it.
    func operation(prefix: String) -> String {
        let etcdKey = EtcdKey(key, prefix: prefix)
        guard let value else { return EtcdRequest.delete(etcdKey) }
        let checksum = withUnsafeBytes(of: UInt32(truncatingIfNeeded: key.checksum(of: value)).littleEndian) {
            Array($0)
        }
        return EtcdRequest.put(etcdKey, checksum + value)
    }
}
