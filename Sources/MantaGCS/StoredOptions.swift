import MantaCore

/// The options of an actor as they are stored: an array in this order, with `null` for what is as it is by default.
///
/// A field that is new goes to the end, where earlier versions did not write it.
struct StoredOptions: Codable, Sendable {
    var options: ActorOptions

    private static let standard = ActorOptions()

    init(_ options: ActorOptions) { self.options = options }

    init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        options = ActorOptions()
        options.name = try fields.decodeIfPresent(String.self)
        options.namespace = try fields.decodeIfPresent(String.self)
        try fields.read(&options.resources)
        try fields.read(&options.isolation)
        try fields.read(&options.lifetime)
        try fields.read(&options.restarts)
        try fields.read(&options.placement)
        try fields.read(&options.concurrency)
        try fields.read(&options.maxPendingCalls)
        try fields.read(&options.placementTimeout)
        try fields.read(&options.environment)
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.unkeyedContainer()
        try fields.write(options.name)
        try fields.write(options.namespace)
        try fields.write(options.resources, unless: Self.standard.resources)
        try fields.write(options.isolation, unless: Self.standard.isolation)
        try fields.write(options.lifetime, unless: Self.standard.lifetime)
        try fields.write(options.restarts, unless: Self.standard.restarts)
        try fields.write(options.placement, unless: Self.standard.placement)
        try fields.write(options.concurrency, unless: Self.standard.concurrency)
        try fields.write(options.maxPendingCalls, unless: Self.standard.maxPendingCalls)
        try fields.write(options.placementTimeout, unless: Self.standard.placementTimeout)
        try fields.write(options.environment, unless: Self.standard.environment)
    }
}

extension UnkeyedEncodingContainer {
    mutating func write<Value: Encodable>(_ value: Value?) throws {
        if let value { try encode(value) } else { try encodeNil() }
    }

    mutating func write<Value: Encodable & Equatable>(_ value: Value, unless standard: Value) throws {
        if value == standard { try encodeNil() } else { try encode(value) }
    }
}

extension UnkeyedDecodingContainer {
    /// Replaces `value` if there is another.
    mutating func read<Value: Decodable>(_ value: inout Value) throws {
        if let other = try decodeIfPresent(Value.self) { value = other }
    }
}
