/// An error in bytes that came from a peer, or in a request to read them.
package struct WireError: Error, Hashable, Sendable {
    /// What went wrong, for a program to switch on. Stable across releases.
    package var code: Code
    /// What happened, with the offset and the values that matter.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// The input ends inside an item, or an item announces more than the input can hold.
        package static let truncated = Self(rawValue: "wire.truncated")
        /// The bytes break the rules of the format.
        package static let malformed = Self(rawValue: "wire.malformed")
        /// Arrays and maps are nested deeper than the limit.
        package static let tooDeep = Self(rawValue: "wire.too-deep")
        /// A value is larger than a limit of this implementation.
        package static let tooLarge = Self(rawValue: "wire.too-large")
        /// A text string is not UTF-8.
        package static let invalidText = Self(rawValue: "wire.invalid-text")
        /// The item is well formed and of another type than the one asked for.
        package static let typeMismatch = Self(rawValue: "wire.type-mismatch")
        /// The number is well formed and does not fit the type asked for.
        package static let outOfRange = Self(rawValue: "wire.out-of-range")
        /// The item is followed by bytes where nothing may follow.
        package static let trailingBytes = Self(rawValue: "wire.trailing-bytes")
    }
}

extension WireError: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}
