/// Why the value of an option cannot be used: it names the value, and what it may be instead.
package struct OptionError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
