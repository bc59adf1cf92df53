import MantaCore

/// How a node comes short of a demand, for people to read.
struct Shortage {
    let node: NodeID
    private let lacking: [(resource: Resource, missing: Quantity, wanted: Quantity, present: Quantity?)]

    /// - Parameters:
    ///   - node: The node that comes short.
    ///   - demand: What was asked for.
    ///   - offer: What the node has of it: in total, or free now.
    init(of node: NodeID, demand: Resources, offer: Resources) {
        self.node = node
        lacking = demand.excess(over: offer).sortedByName.map { resource, missing in
            (resource, missing, demand[resource] ?? missing, offer[resource])
        }
    }

    /// The missing shares of what was asked for, added up: 0 for nothing missing, 1 for all of one resource.
    var weight: Double {
        lacking.reduce(0) { $0 + Double($1.missing.units) / Double($1.wanted.units) }
    }

    /// `cpu: 62 of 64 (it has 2), gpu: 1 of 1 (it has none)`, where `has` is `it has`.
    func describe(has: String) -> String {
        lacking.map { resource, missing, wanted, present in
            "\(resource): \(missing) of \(wanted) (\(has) \(present.map { "\($0)" } ?? "none"))"
        }
        .joined(separator: ", ")
    }

    /// `at most cpu: 2, no gpu`.
    var advice: String {
        lacking.map { resource, _, _, present in
            present.map { "at most \(resource): \($0)" } ?? "no \(resource)"
        }
        .joined(separator: ", ")
    }

    /// The shortage with the least weight; of equals, the first.
    static func nearest(_ shortages: some Sequence<Shortage>) -> Shortage? {
        shortages.min { $0.weight < $1.weight }
    }
}
