/// The name of an actor, and the namespace in which it is unique.
package struct QualifiedName: Hashable, Sendable, Codable, CustomStringConvertible {
    package var namespace: String
    package var name: String

    package init(_ name: String, namespace: String) {
        self.name = name
        self.namespace = namespace
    }

    /// The namespace of programs that do not name one.
    package static let defaultNamespace = "default"

    package var description: String {
        namespace == Self.defaultNamespace ? "\"\(name)\"" : "\"\(name)\" in namespace \"\(namespace)\""
    }
}

extension ActorOptions {
    /// The name with its namespace; `nil` for an actor without a name.
    package var qualifiedName: QualifiedName? {
        name.map { QualifiedName($0, namespace: namespace ?? QualifiedName.defaultNamespace) }
    }
}
