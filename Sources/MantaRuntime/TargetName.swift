internal import Glibc

/// The mangled name of a distributed method's thunk, taken apart as far as calling it safely needs.
///
/// The runtime runs a thunk on whatever actor it is given, so a wrong pair of method and actor would corrupt
/// memory. Names come from peers; this is what they are checked by.
package struct TargetName: Hashable, Sendable {
    /// For people: `Counter.increment(by:)`.
    package let readable: String
    /// The type that declares the method, with its module and without generic arguments: `main.Counter`. For
    /// a method of a protocol, the protocol's stub: `main.$Greeter`.
    package let owner: String
    /// Whether the method itself has generic parameters, beyond those of its actor.
    package let isGeneric: Bool
    /// How many.
    let genericParameterCount: Int
    /// What an extension that declares the method asks of its actor's arguments: `A == Swift.Int`.
    let ownerConstraints: [String]
    /// The protocol whose method this is, qualified by its module; `nil` for a method of an actor.
    package let protocolName: String?

    /// `nil` when the name is not that of a distributed thunk.
    package init?(_ mangled: String) {
        guard mangled.hasPrefix("$s"), mangled.hasSuffix("TE"), let text = Self.demangle(mangled),
            text.hasPrefix(Self.prefix)
        else { return nil }
        let declaration = Self.plain(text.dropFirst(Self.prefix.count))
        (genericParameterCount, ownerConstraints) = Self.generics(text.dropFirst(Self.prefix.count))
        guard let parenthesis = declaration.firstIndex(of: "(") else { return nil }
        let path = declaration[..<parenthesis]
        guard let dot = path.lastIndex(of: "."), path[..<dot].contains(".") else { return nil }
        owner = String(path[..<dot])
        protocolName = Self.protocolName(ofStub: owner)
        let type = owner[(owner.lastIndex(of: ".").map(owner.index(after:)) ?? owner.startIndex)...]
        readable = "\(type)\(path[dot...])(\(Self.labels(declaration[parenthesis...])))"
        // A generic method's type is followed by its generic signature, which ends in `l`; its actor's is not
        // repeated.
        isGeneric = mangled.hasSuffix("lFTE")
    }

    /// The name under which this program has the method, `nil` when it has none.
    ///
    /// Calls of a method in an extension of a `@Resolvable` protocol are recorded with the protocol's stub as
    /// owner (`8$GreeterC5greet…`), but the compiler of Swift 6.3 leaves the thunk under the extension's own
    /// name (`7GreeterPAAE5greet…`).
    package static func inProgram(_ mangled: String) -> String? {
        if isAccessible(mangled) { return mangled }
        guard let stub = TargetName(mangled)?.owner.split(separator: ".").last, stub.hasPrefix("$") else {
            return nil
        }
        let proto = stub.dropFirst()
        let owner = "\(stub.utf8.count)\(stub)C"
        guard let place = mangled.firstRange(of: owner) else { return nil }
        let renamed = mangled.replacingCharacters(in: place, with: "\(proto.utf8.count)\(proto)PAAE")
        return isAccessible(renamed) ? renamed : nil
    }

    private static func isAccessible(_ mangled: String) -> Bool {
        findAccessibleFunction(mangled, mangled.utf8.count) != nil
    }

    private static func protocolName(ofStub owner: String) -> String? {
        let components = owner.split(separator: ".")
        guard let stub = components.last, stub.hasPrefix("$") else { return nil }
        return (components.dropLast() + [stub.dropFirst()]).joined(separator: ".")
    }

    private static let prefix = "distributed thunk "

    /// A type's qualified name in the form of `owner`.
    package static func owner(of type: any Any.Type) -> String { plain(String(reflecting: type)[...]) }

    /// Takes out what differs between a type's name and its methods': generic arguments, the extension a
    /// method is in, and how private types are told apart: `(extension in a):m.Box<A>.(Inner in _1F).go(A)`
    /// is `m.Box.Inner.go(A)`.
    private static func plain(_ text: Substring) -> String {
        var result = ""
        var depth = 0
        var rest = text
        if rest.hasPrefix("(extension in "), let colon = rest.firstIndex(of: ":") {
            rest = rest[rest.index(after: colon)...]
        }
        while let character = rest.first {
            if character == "<" { depth += 1 }
            if depth == 0 {
                if rest.hasPrefix("(unknown context at "), let end = rest.firstIndex(of: ")") {
                    rest = rest[rest.index(after: end)...].drop { $0 == "." }
                    continue
                }
                if character == "(", result.last == ".", let end = rest.firstIndex(of: ")"),
                    let name = rest[..<end].dropFirst().split(separator: " ").first
                {
                    result += name
                    rest = rest[rest.index(after: end)...]
                    continue
                }
                result.append(character)
            }
            // The `>` of `->` inside generic arguments closes nothing.
            if character == ">", depth > 0, !result.hasSuffix("-") { depth -= 1 }
            rest = rest.dropFirst()
        }
        return result
    }

    /// `_:by:` for `(Swift.Int, by: Swift.String) async throws -> …`.
    private static func labels(_ parameters: Substring) -> String {
        var depth = 0
        var labels = ""
        var word = ""
        var isAtStart = false
        for character in parameters {
            switch character {
            case "(", "[":
                depth += 1
                if depth == 1 {
                    (word, isAtStart) = ("", true)
                } else if isAtStart {
                    (labels, isAtStart) = (labels + "_:", false)
                }
            case ")", "]":
                depth -= 1
                if depth == 0 { return isAtStart && !word.isEmpty ? labels + "_:" : labels }
            case ":" where depth == 1 && isAtStart: (labels, isAtStart) = (labels + word + ":", false)
            case "," where depth == 1:
                if isAtStart { labels += "_:" }
                (word, isAtStart) = ("", true)
            case " ": break
            default: word.append(character)
            }
        }
        return labels
    }

    private static func demangle(_ mangled: String) -> String? {
        guard let text = runtimeDemangle(mangled, UInt(mangled.utf8.count), nil, nil, 0) else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}

extension String {
    func firstRange(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }

    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}

/// The record that the compiler leaves for each distributed thunk of the program; `nil` when there is none.
@_silgen_name("swift_findAccessibleFunction")
private func findAccessibleFunction(_ name: UnsafePointer<CChar>, _ length: Int) -> UnsafeRawPointer?

@_silgen_name("swift_demangle")
private func runtimeDemangle(
    _ name: UnsafePointer<CChar>,
    _ nameLength: UInt,
    _ output: UnsafeMutablePointer<CChar>?,
    _ outputSize: UnsafeMutablePointer<UInt>?,
    _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?
