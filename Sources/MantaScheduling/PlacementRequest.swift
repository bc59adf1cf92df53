package import MantaCore

/// What is asked for, and where it may be. Requests that are equal wait in one line.
package struct PlacementRequest: Hashable, Sendable {
    /// What is held from the placement to the release.
    package var resources: Resources
    package var placement: Placement

    package init(resources: Resources, placement: Placement = .automatic) {
        self.resources = resources
        self.placement = placement
    }
}

extension PlacementRequest: CustomStringConvertible {
    /// `[cpu: 1]`, `[cpu: 1] (spread)`, `[cpu: 1] (only on nodes labelled [zone: a])`.
    package var description: String {
        switch placement {
        case .automatic: "\(resources)"
        case .spread: "\(resources) (spread)"
        case .node(let node, soft: false): "\(resources) (only on \(node))"
        case .node(let node, soft: true): "\(resources) (preferably on \(node))"
        case .labels(let labels): "\(resources) (only on nodes labelled \(labelText(labels)))"
        }
    }

    /// A node that could hold this: `a node that offers [cpu: 1] and is labelled [zone: a]`.
    var fittingNode: String {
        var traits: [String] = []
        if resources != [:] { traits.append("offers \(resources)") }
        if case .labels(let labels) = placement, !labels.isEmpty {
            traits.append("is labelled \(labelText(labels))")
        }
        return traits.isEmpty ? "a node" : "a node that " + traits.joined(separator: " and ")
    }
}

/// Sorted by name: `[rack: 4, zone: a]`.
private func labelText(_ labels: [String: String]) -> String {
    let listed = labels.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    return "[" + listed.joined(separator: ", ") + "]"
}
