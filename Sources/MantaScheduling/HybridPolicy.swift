import MantaCore

/// Picks the node for a request: pack first, then spread.
///
/// Takes the first node, in the order given, whose busiest resource is held to less than `spreadThreshold`,
/// so that a small program stays on few nodes; once all that fit are busier, the least loaded, so that a
/// burst doesn't pile onto one. This is Ray's hybrid policy. A request for nothing leaves no trace in any
/// load, so it goes where the fewest placements are. Ties go to the earlier node.
struct HybridPolicy {
    /// A share of the busiest resource from 0 to 1; Ray's default.
    var spreadThreshold = 0.5

    /// - Returns: The index of the node, or `nil` if `request` fits none now.
    /// - Complexity: O(*n*) in the number of nodes.
    func choose(for request: PlacementRequest, among nodes: [NodeView]) -> Int? {
        if request.resources.isEmpty {
            return nodes.indices.filter { nodes[$0].fits(request) }
                .min { nodes[$0].placementCount < nodes[$1].placementCount }
        }
        var leastLoaded: Int?
        var leastLoad = Double.infinity
        // The loads first: they are numbers, where a fit is a search for each resource by name.
        for index in nodes.indices {
            let load = nodes[index].ledger.load
            guard load < leastLoad, nodes[index].fits(request) else { continue }
            if load < spreadThreshold { return index }
            leastLoaded = index
            leastLoad = load
        }
        return leastLoaded
    }
}
