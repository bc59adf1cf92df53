package import MantaCore

// The members, and where they are.

extension ControlPlane {
    /// The raylets that have not come back since a restart.
    package var awaitedRaylets: [(node: NodeID, raylet: ActorID)] {
        awaitedNodes.sorted { $0.rawValue < $1.rawValue }.compactMap { node in
            raylet(of: node).map { (node, $0) }
        }
    }

    /// On which machine a member is; `nil` for the head's own, and where there is only one.
    package func machine(of node: NodeID) -> String? {
        nodes[node].flatMap { machine(of: $0.registration) }
    }

    func machine(of node: NodeRegistration) -> String? {
        guard let home, case .node(let address) = node.endpoint, address.host != home else { return nil }
        return address.host
    }

    /// The members that are found at a place: one, but for a moment after its daemon has been started again.
    package func nodes(at endpoint: Endpoint) -> [NodeID] {
        nodes.values.filter { $0.registration.endpoint == endpoint }
            .sorted { $0.number < $1.number }.map(\.registration.id)
    }

    /// Where the raylet of a member is.
    package func raylet(of node: NodeID) -> ActorID? { nodes[node]?.registration.raylet }
}
