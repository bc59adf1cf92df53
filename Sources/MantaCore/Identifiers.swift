/// Identifies a node, that is one raylet and its workers, for as long as the cluster lives.
public struct NodeID: Hashable, Sendable, Codable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Of a driver, which belongs to no node.
    package static let none = NodeID(0)

    package init(from text: some StringProtocol) throws(IdentifierError) {
        rawValue = try parse(text, prefix: "node-")
    }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(UInt64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { "node-" + hex(rawValue) }
}

/// Identifies one incarnation of a process of the cluster: a driver, a worker or a raylet.
///
/// Not the operating system's number, which a later process may take over: the upper bits are random and name the
/// host that started it, the lower ones count what the host has started (`ProcessID+Host.swift`).
public struct ProcessID: Hashable, Sendable, Codable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package init(from text: some StringProtocol) throws(IdentifierError) {
        rawValue = try parse(text, prefix: "process-")
    }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(UInt64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { "process-" + hex(rawValue) }
}

/// Why a text is no identifier.
package struct IdentifierError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
}

private func hex(_ value: UInt64) -> String { String(value, radix: 16) }

private func parse(_ text: some StringProtocol, prefix: String) throws(IdentifierError) -> UInt64 {
    guard text.hasPrefix(prefix), let value = UInt64(text.dropFirst(prefix.count), radix: 16) else {
        throw IdentifierError(description: "\"\(text)\" is not \(prefix) and a hexadecimal number")
    }
    return value
}
