import Distributed
import MantaCore
import Synchronization

/// A method that this process calls in others.
package final class CalledMethod: Sendable {
    package let identifier: String
    /// By this the method goes on every link of the process, once its name has been sent there.
    package let number: UInt32
    /// For messages: `Counter.increment(by:)`.
    package let readableName: String
    /// Whether the method has generic parameters of its own.
    let isGeneric: Bool
    private let checked = Atomic<Bool>(false)

    fileprivate init(identifier: String, number: UInt32) {
        self.identifier = identifier
        self.number = number
        let name = TargetName(identifier)
        readableName = name?.readable ?? identifier
        isGeneric = name?.isGeneric ?? false
    }

    private struct Catalog {
        var methods: [String: CalledMethod] = [:]
    }

    /// Of the process, whatever the number of its systems: the names are those of its program's code.
    private static let catalog = Mutex(Catalog())

    package static func named(_ identifier: String) -> CalledMethod {
        catalog.withLock { catalog in
            if let method = catalog.methods[identifier] { return method }
            let method = CalledMethod(identifier: identifier, number: UInt32(catalog.methods.count))
            catalog.methods[identifier] = method
            return method
        }
    }

    /// Refuses, before anything is sent, what Swift's runtime would call wrongly.
    ///
    /// `substitutions` is what the call has recorded for generic parameters, the actor's own included.
    func check(on actor: any Any.Type, substitutions: [any Any.Type]) throws(ClusterError) {
        if isGeneric, isGenericType(actor) {
            throw ClusterError(
                .invalidArgument,
                "\(readableName) is a generic method of the generic actor \(actor): Swift's runtime would give it the wrong types",
                hint:
                    "move the method's generic parameters to the actor, or make the actor or the method not generic",
                outcome: .notExecuted
            )
        }
        guard !checked.load(ordering: .relaxed) else { return }
        guard let known = TargetName.inProgram(identifier) else {
            throw ClusterError(
                .invalidArgument,
                "Swift's compiler has left no entry for \(readableName) that other processes could call",
                hint: "declare the method in the actor or in the protocol itself instead of in an extension",
                outcome: .notExecuted
            )
        }
        guard TargetTypes(known, substitutions: substitutions) != nil else {
            throw ClusterError(
                .invalidArgument,
                "\(readableName) has a parameter or result that is an associated type of a generic parameter, "
                    + "which Swift's runtime cannot look up",
                hint: "give that type a generic parameter of its own: "
                    + "func f<C: Collection, E>(_ items: C, _ item: E) where C.Element == E",
                outcome: .notExecuted
            )
        }
        checked.store(true, ordering: .relaxed)
    }

    /// The mangled name of a generic class ends with its arguments.
    private func isGenericType(_ type: any Any.Type) -> Bool {
        _mangledTypeName(type)?.hasSuffix("G") ?? false
    }
}
