package import MantaCore

/// An actor in a listing.
package struct ActorRow: Encodable, Hashable, Sendable {
    package var id: String
    package var name: String?
    package var namespace: String
    package var type: String
    package var state: String
    package var node: String?
    package var processID: Int32?
    package var epoch: UInt32
    package var restarts: Int
    package var resources: [String: Double]
    package var lifetime: String
    package var isolation: String
    package var placement: String
    /// Why it is dead.
    package var cause: String?
    private var resourceText: String

    private enum CodingKeys: String, CodingKey {
        case id, name, namespace, type, state, node, processID, epoch, restarts, resources, lifetime,
            isolation
        case placement, cause
    }

    package init(_ actor: ActorInfo) {
        id = "\(actor.id)"
        name = actor.name
        namespace = actor.namespace
        type = actor.typeName
        state = actor.state.rawValue
        node = actor.node.map { "\($0)" }
        processID = actor.processID
        epoch = actor.epoch
        restarts = actor.restarts
        resources = ResourceText.numbers(actor.options.resources)
        lifetime = actor.options.lifetime.rawValue
        isolation = actor.options.isolation.rawValue
        placement = PlacementText.text(actor.options.placement)
        cause = actor.deathCause.map { "\($0)" }
        resourceText = ResourceText.list(actor.options.resources)
    }

    package static func table(_ rows: [ActorRow]) -> TextTable {
        var table = TextTable([
            .init("ACTOR"), .init("TYPE"), .init("NAME"), .init("STATE"), .init("NODE"), .init("PID", .right),
            .init("RESTARTS", .right), .init("HOLDS"), .init("CAUSE"),
        ])
        for row in rows {
            let name = row.name.map {
                row.namespace == QualifiedName.defaultNamespace ? $0 : "\(row.namespace)/\($0)"
            }
            table.append([
                row.id, row.type, name ?? "-", row.state, row.node ?? "-",
                row.processID.map { "\($0)" } ?? "-",
                "\(row.restarts)", row.resourceText, row.cause ?? "",
            ])
        }
        return table
    }
}
