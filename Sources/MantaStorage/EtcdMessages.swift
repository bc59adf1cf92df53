internal import Foundation
internal import MantaCore

// The requests and answers of etcd that are used here. In its JSON, keys and values are in base64, and numbers of 64 bits
// in strings.

/// A key in base64, made once.
struct EtcdKey: Sendable {
    let base64: String

    init(_ text: String) { base64 = Data(text.utf8).base64EncodedString() }
}

enum EtcdRequest {
    /// All keys that begin with `prefix`, from `start` on, at most `limit`.
    static func range(prefix: String, from start: EtcdKey? = nil, limit: Int, revision: String? = nil)
        -> String
    {
        let first = start ?? EtcdKey(prefix)
        var end = Array(prefix.utf8)
        // All prefixes here end in a character that has a next one.
        end[end.count - 1] += 1
        let last = Data(end).base64EncodedString()
        let at = revision.map { ",\"revision\":\"\($0)\"" } ?? ""
        return "{\"key\":\"\(first.base64)\",\"range_end\":\"\(last)\",\"limit\":\"\(limit)\"\(at)}"
    }

    static func range(_ key: EtcdKey) -> String { "{\"key\":\"\(key.base64)\"}" }

    /// Does all of `operations` if all of `conditions` hold, else all of `alternative`.
    static func transaction(
        if conditions: [String],
        _ operations: [String],
        orElse alternative: [String] = []
    ) -> String {
        """
        {"compare":[\(conditions.joined(separator: ","))],\
        "success":[\(operations.joined(separator: ","))],"failure":[\(alternative.joined(separator: ","))]}
        """
    }

    /// The key was made at this revision; "0" is when it is not there.
    static func wasMade(_ key: EtcdKey, at revision: String) -> String {
        "{\"key\":\"\(key.base64)\",\"target\":\"CREATE\",\"result\":\"EQUAL\",\"create_revision\":\"\(revision)\"}"
    }

    /// The key was changed before this revision, or is not there.
    static func wasChanged(_ key: EtcdKey, before revision: String) -> String {
        "{\"key\":\"\(key.base64)\",\"target\":\"MOD\",\"result\":\"LESS\",\"mod_revision\":\"\(revision)\"}"
    }

    static func has(_ key: EtcdKey, _ value: [UInt8]) -> String {
        "{\"key\":\"\(key.base64)\",\"target\":\"VALUE\",\"result\":\"EQUAL\",\"value\":\"\(Data(value).base64EncodedString())\"}"
    }

    static func put(_ key: EtcdKey, _ value: [UInt8], lease: String? = nil) -> String {
        let lease = lease.map { ",\"lease\":\"\($0)\"" } ?? ""
        return
            "{\"request_put\":{\"key\":\"\(key.base64)\",\"value\":\"\(Data(value).base64EncodedString())\"\(lease)}}"
    }

    static func delete(_ key: EtcdKey) -> String { "{\"request_delete_range\":{\"key\":\"\(key.base64)\"}}" }

    /// Removes all keys that begin with `prefix`.
    static func delete(prefix: String) -> String {
        var end = Array(prefix.utf8)
        end[end.count - 1] += 1
        let (first, last) = (EtcdKey(prefix).base64, Data(end).base64EncodedString())
        return "{\"request_delete_range\":{\"key\":\"\(first)\",\"range_end\":\"\(last)\"}}"
    }

    static func get(_ key: EtcdKey) -> String { "{\"request_range\":{\"key\":\"\(key.base64)\"}}" }
}

enum EtcdAnswer {
    struct Header: Decodable, Sendable {
        var revision: String?
    }

    struct Pair: Decodable, Sendable {
        var key: Data
        var value: Data?
        var createRevision: String?

        private enum CodingKeys: String, CodingKey {
            case key, value
            case createRevision = "create_revision"
        }
    }

    struct Range: Decodable, Sendable {
        var header: Header
        var kvs: [Pair]?
        var more: Bool?
    }

    struct Transaction: Decodable, Sendable {
        struct Response: Decodable, Sendable {
            var range: Part?

            private enum CodingKeys: String, CodingKey {
                case range = "response_range"
            }
        }

        struct Part: Decodable, Sendable {
            var kvs: [Pair]?
        }

        var header: Header
        var succeeded: Bool?
        var responses: [Response]?
    }

    struct Lease: Decodable, Sendable {
        var id: String?
        /// In seconds; none for a lease that has gone.
        var ttl: String?
        var error: String?

        private enum CodingKeys: String, CodingKey {
            case id = "ID"
            case ttl = "TTL"
            case error
        }
    }

    /// One message of a stream.
    struct KeptAlive: Decodable, Sendable {
        var result: Lease?
    }

    struct Nothing: Decodable, Sendable {}
}
