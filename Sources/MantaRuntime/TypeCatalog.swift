internal import MantaCore
import Synchronization

/// Types by the names that cross between processes of the same program.
///
/// What is found is kept, because looking a type up costs about 400 ns; names come from peers, so it is bounded.
package enum TypeCatalog {
    private static let entryLimit = 10_000
    private static let found = Mutex<[String: any Any.Type]>([:])
    private static let names = Mutex<[ObjectIdentifier: String?]>([:])

    /// The type of this name in this program, `nil` when there is none.
    package static func type(named name: String) -> (any Any.Type)? {
        if let known = found.withLock({ $0[name] }) { return known }
        guard let type = _typeByName(name) else { return nil }
        found.withLock { found in
            if found.count >= entryLimit { found.removeAll() }
            found[name] = type
        }
        return type
    }

    /// The name by which other processes of this program find `type`; `nil` for a private or local type,
    /// whose mangled name holds an address.
    package static func name(of type: any Any.Type) -> String? {
        let key = ObjectIdentifier(type)
        if let known = names.withLock({ $0[key] }) { return known }
        let mangled = _mangledTypeName(type)
        let name = mangled.flatMap { _typeByName($0) == type ? $0 : nil }
        names.withLock { names in
            if names.count >= entryLimit { names.removeAll() }
            names[key] = .some(name)
        }
        return name
    }

    /// Whether `type` is the stub of a `@Resolvable` protocol, which Swift names `$` and the protocol's name.
    package static func isStub(_ type: any Any.Type) -> Bool { "\(type)".hasPrefix("$") }
}
