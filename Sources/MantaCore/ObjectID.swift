/// Identifies an object for as long as the cluster lives.
public struct ObjectID: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The process that made it. Whose it is now says the reference: it may have been handed to its node.
    package var creator: ProcessID
    /// Counts what that process has made, from 1.
    package var serial: UInt64

    package init(creator: ProcessID, serial: UInt64) {
        self.creator = creator
        self.serial = serial
    }

    public init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        creator = try container.decode(ProcessID.self)
        serial = try container.decode(UInt64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        try container.encode(creator)
        try container.encode(serial)
    }

    public var description: String {
        "object-" + String(creator.rawValue, radix: 16) + "-" + String(serial, radix: 16)
    }
}
