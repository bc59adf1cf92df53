import MantaCore

/// Picks the node with the fewest placements, so that those of one program are far apart; of equals the
/// least loaded, then the earlier.
struct SpreadPolicy {
    /// - Returns: The index of the node, or `nil` if `request` fits none now.
    /// - Complexity: O(*n*) in the number of nodes.
    func choose(for request: PlacementRequest, among nodes: [NodeView]) -> Int? {
        var emptiest: Int?
        var least = (count: Int.max, load: Double.infinity)
        for index in nodes.indices {
            let rank = (count: nodes[index].placementCount, load: nodes[index].ledger.load)
            // The fit last: it is a search for each resource by name.
            guard rank < least, nodes[index].fits(request) else { continue }
            emptiest = index
            least = rank
        }
        return emptiest
    }
}
