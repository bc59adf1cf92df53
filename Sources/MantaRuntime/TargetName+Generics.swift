/// Whether a method may run with given generic substitutions: the runtime would not notice that it may not.
extension TargetName {
    /// Whether `recorded`, which a caller has sent, is what the method has on an actor of this type.
    func fits(_ type: any Any.Type, substitutions recorded: [any Any.Type]) -> Bool {
        // A stub's method has the actor itself for the first.
        if protocolName != nil { return recorded.count == genericParameterCount + 1 }
        let arguments = Self.arguments(of: type)
        if arguments.isEmpty { return recorded.count == genericParameterCount }
        // A generic method of a generic actor gets the wrong types: see `CalledMethod.check`.
        return genericParameterCount == 0 && recorded.map { String(reflecting: $0) } == arguments
            && ownerConstraints.allSatisfy { Self.holds($0, for: arguments) }
    }

    /// The generic parameters of the method, and the constraints on its owner, in a demangled declaration such as
    /// `main.Box< where A == Swift.Int>.swap<A1 where A1: Swift.Decodable>(A1) async throws -> A`.
    static func generics(_ declaration: Substring) -> (parameterCount: Int, constraints: [String]) {
        var groups: [Substring] = []
        var depth = 0
        var start = declaration.startIndex
        var previous: Character = "."
        for index in declaration.indices {
            let character = declaration[index]
            switch character {
            case "<":
                if depth == 0 { start = declaration.index(after: index) }
                depth += 1
            case ">" where previous != "-":
                depth -= 1
                if depth == 0 { groups.append(declaration[start..<index]) }
            case "(" where depth == 0 && previous != "." && previous != "(":
                let own = previous == ">" ? groups.last : nil
                let parameters = own.map { parts(of: String($0).before(" where ")).count } ?? 0
                let constraints = groups.filter { $0.hasPrefix(" where ") }
                    .flatMap { parts(of: String($0.dropFirst(" where ".count))) }
                return (parameters, constraints)
            default: break
            }
            previous = character
        }
        return (0, [])
    }

    /// The generic arguments of a type, those of the types it is nested in first.
    static func arguments(of type: any Any.Type) -> [String] {
        let text = String(reflecting: type)
        var arguments: [String] = []
        var depth = 0
        var start = text.startIndex
        var previous: Character = "."
        for index in text.indices {
            if text[index] == "<" {
                if depth == 0 { start = text.index(after: index) }
                depth += 1
            } else if text[index] == ">", previous != "-" {
                depth -= 1
                if depth == 0 { arguments += parts(of: String(text[start..<index])) }
            }
            previous = text[index]
        }
        return arguments
    }

    /// Whether a same-type constraint holds. Conformances are looked up by the runtime, which fails without them; what
    /// cannot be read does not hold.
    private static func holds(_ constraint: String, for arguments: [String]) -> Bool {
        guard let equals = constraint.firstRange(of: " == ") else { return constraint.contains(": ") }
        let names = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)
        guard let index = names.firstIndex(of: String(constraint[..<equals.lowerBound])),
            index < arguments.count
        else { return false }
        return arguments[index] == String(constraint[equals.upperBound...])
    }

    /// `A, [B, C], D<E, F>` in its three parts.
    private static func parts(of list: String) -> [String] {
        var parts: [String] = [""]
        var depth = 0
        for character in list {
            switch character {
            case "<", "(", "[": depth += 1
            case ">", ")", "]": depth -= 1
            case "," where depth == 0:
                parts.append("")
                continue
            default: break
            }
            if character != " " || !(parts.last ?? "").isEmpty { parts[parts.count - 1].append(character) }
        }
        return parts.filter { !$0.isEmpty }
    }
}

extension String {
    /// All before the first `separator`; everything where there is none.
    fileprivate func before(_ separator: String) -> String {
        firstRange(of: separator).map { String(self[..<$0.lowerBound]) } ?? self
    }
}
