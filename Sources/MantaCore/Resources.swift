/// A kind of resource that nodes offer and actors ask for.
///
/// A resource of your own is any other name: `"tpu"`, `"licence"`. It means what the nodes that offer it
/// mean.
public struct Resource: Hashable, Sendable, Codable, ExpressibleByStringLiteral, CustomStringConvertible {
    public let name: String

    public init(_ name: String) { self.name = name }
    public init(stringLiteral name: String) { self.name = name }

    public init(from decoder: any Decoder) throws {
        name = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }

    public var description: String { name }

    /// Processor cores; an actor may ask for a share of one.
    public static let cpu = Resource("cpu")
    /// Graphics processors; an actor may ask for a share of one.
    public static let gpu = Resource("gpu")
    /// Main memory in bytes. Admission counts it; it does not limit what the process uses.
    public static let memory = Resource("memory")
}

/// An amount of a resource, exact in units of 1/10,000.
public struct Quantity: Hashable, Sendable, Comparable {
    /// In units of 1/10,000, so that shares add up exactly.
    package var units: Int64

    package static let unitsPerWhole: Int64 = 10_000

    package init(units: Int64) { self.units = units }

    /// The nearest amount to `value` that is a multiple of 1/10,000, and not zero unless `value` is.
    ///
    /// Amounts beyond about 9e14 are held at that. What is no number is less than any amount, so that it is refused
    /// wherever an amount is asked for.
    public init(_ value: Double) {
        let scaled = (value * Double(Self.unitsPerWhole)).rounded()
        if scaled == 0, value != 0 {
            units = value > 0 ? 1 : -1
        } else {
            units = Int64(exactly: scaled) ?? (scaled > 0 ? .max : .min)
        }
    }

    public var value: Double { Double(units) / Double(Self.unitsPerWhole) }

    public static func gibibytes(_ count: Double) -> Quantity { Quantity(count * 1_073_741_824) }
    public static func mebibytes(_ count: Double) -> Quantity { Quantity(count * 1_048_576) }

    public static func < (left: Quantity, right: Quantity) -> Bool { left.units < right.units }
}

extension Quantity: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    public init(integerLiteral value: Int64) { self.init(Double(value)) }
    public init(floatLiteral value: Double) { self.init(value) }
}

extension Quantity: CustomStringConvertible {
    /// `4`, `0.5`, `2147483648`: no trailing zeros.
    public var description: String {
        units % Self.unitsPerWhole == 0 ? "\(units / Self.unitsPerWhole)" : "\(value)"
    }
}

extension Quantity: Codable {
    public init(from decoder: any Decoder) throws {
        units = try decoder.singleValueContainer().decode(Int64.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(units)
    }
}

/// What a node offers or an actor asks for: `[.cpu: 0.5, .memory: .gibibytes(2), "tpu": 4]`.
///
/// What is not named is zero.
public struct Resources: Hashable, Sendable {
    /// Never holds a zero.
    package private(set) var quantities: [Resource: Quantity]

    public init() { quantities = [:] }

    /// The amount of `resource`, `nil` where it is not named. Setting zero or `nil` takes it out.
    public subscript(_ resource: Resource) -> Quantity? {
        get { quantities[resource] }
        set { quantities[resource] = newValue.flatMap { $0.units == 0 ? nil : $0 } }
    }

    public var isEmpty: Bool { quantities.isEmpty }
}

extension Resources: ExpressibleByDictionaryLiteral {
    /// Where a resource is named twice, the last amount holds.
    public init(dictionaryLiteral elements: (Resource, Quantity)...) {
        self.init()
        for (resource, quantity) in elements { self[resource] = quantity }
    }
}

extension Resources: Codable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        self.init()
        for key in container.allKeys {
            self[Resource(key.stringValue)] = try container.decode(Quantity.self, forKey: key)
        }
    }

    /// A map from names to amounts, sorted by name: equal values have equal bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (resource, quantity) in quantities.sorted(by: { $0.key.name < $1.key.name }) {
            try container.encode(quantity, forKey: Name(stringValue: resource.name))
        }
    }
}

extension Resources: CustomStringConvertible {
    /// Sorted by name: `[cpu: 0.5, tpu: 4]`.
    public var description: String {
        let listed = quantities.sorted { $0.key.name < $1.key.name }.map { "\($0.key): \($0.value)" }
        return "[" + listed.joined(separator: ", ") + "]"
    }
}
