package import MantaCore

/// Where an actor may be, as listings show it.
package enum PlacementText {
    package static func text(_ placement: Placement) -> String {
        switch placement {
        case .automatic: "anywhere"
        case .spread: "spread"
        case .node(let node, let soft): soft ? "preferably \(node)" : "\(node)"
        case .labels(let labels): "nodes with \(LabelList.text(labels))"
        }
    }
}
