internal import Distributed
import Synchronization

/// A distributed method of this program that other processes call.
package final class ServedMethod: Sendable {
    /// Under which the program has it.
    let identifier: String
    /// As it was called.
    let name: TargetName
    /// Kept unchanged for as long as the process runs: the runtime is given pointers into it.
    nonisolated(unsafe) let utf8: UnsafeBufferPointer<UInt8>
    private let lastAccepted = Atomic<UInt>(0)
    /// Of a method that is not generic, as most are.
    private let plainEntry = Mutex<TargetEntry?>(nil)
    private let entries = Mutex<[[ObjectIdentifier]: TargetEntry]>([:])

    private static let entryLimit = 1_000
    private static let catalog = Mutex<[String: ServedMethod]>([:])

    private init(identifier: String, name: TargetName) {
        self.identifier = identifier
        self.name = name
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: identifier.utf8.count)
        _ = bytes.initialize(from: identifier.utf8)
        utf8 = UnsafeBufferPointer(bytes)
    }

    /// The method of this mangled name; `nil` when the program has none. Names that are not found are not
    /// kept: a peer can make up any number of them.
    package static func named(_ identifier: String) -> ServedMethod? {
        catalog.withLock { catalog in
            if let method = catalog[identifier] { return method }
            guard let name = TargetName(identifier), let known = TargetName.inProgram(identifier) else {
                return nil
            }
            let method = ServedMethod(identifier: known, name: name)
            catalog[identifier] = method
            return method
        }
    }

    enum Fit {
        case fits
        /// The method is not one of the actor's type, nor of a protocol that the type conforms to.
        case otherType
        /// The substitutions that the caller has recorded are not those that the method has on this actor.
        case otherSubstitutions
    }

    /// Whether the method can run on `actor`.
    func fit(_ actor: any DistributedActor, substitutions: [any Any.Type]) -> Fit {
        let type = type(of: actor) as any Any.Type
        let identity = UInt(bitPattern: ObjectIdentifier(type))
        if substitutions.isEmpty, lastAccepted.load(ordering: .relaxed) == identity { return .fits }
        guard declares(type, actor) else { return .otherType }
        guard name.fits(type, substitutions: substitutions) else { return .otherSubstitutions }
        if substitutions.isEmpty { lastAccepted.store(identity, ordering: .relaxed) }
        return .fits
    }

    private func declares(_ type: any Any.Type, _ actor: any DistributedActor) -> Bool {
        guard let protocolName = name.protocolName else { return TargetName.owner(of: type) == name.owner }
        // Written out without the substitutions that a mangled name may have: `main.Greeter` is
        // `4main7Greeter_p`.
        let mangled = protocolName.split(separator: ".").map { "\($0.utf8.count)\($0)" }.joined() + "_p"
        guard let existential = TypeCatalog.type(named: mangled) else { return false }
        func conforms<T>(_: T.Type) -> Bool { actor is T }
        return _openExistential(existential, do: conforms)
    }

    /// What is substituted for the method's generic parameters when it runs on `actor`: a stub's method is
    /// recorded with the stub as its `Self`, which stands for the actor that is really there.
    func substitutions(_ recorded: [any Any.Type], for actor: any DistributedActor) -> [any Any.Type] {
        guard name.protocolName != nil, !recorded.isEmpty else { return recorded }
        return [type(of: actor)] + recorded.dropFirst()
    }

    /// The types that the method has with these substitutions, looked up once.
    func entry(_ substitutions: [any Any.Type]) -> TargetEntry? {
        if substitutions.isEmpty {
            return plainEntry.withLock { entry in
                if entry == nil { entry = TargetEntry(identifier, substitutions: []) }
                return entry
            }
        }
        let key = substitutions.map { ObjectIdentifier($0) }
        if let entry = entries.withLock({ $0[key] }) { return entry }
        guard let entry = TargetEntry(identifier, substitutions: substitutions) else { return nil }
        entries.withLock { entries in
            if entries.count >= Self.entryLimit { entries.removeAll() }
            entries[key] = entry
        }
        return entry
    }
}
