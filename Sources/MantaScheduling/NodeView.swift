import MantaCore

/// A node as the scheduler sees it.
struct NodeView {
    let id: NodeID
    let labels: [String: String]
    let address: String
    private(set) var ledger: NodeLedger
    /// How many placements it hosts, those that hold no resources included.
    private(set) var placementCount = 0
    /// It was in the cluster before that was restarted, and has not come back: nothing is placed on it.
    var isAwaited = false
    /// What it hosts goes elsewhere, and nothing is placed on it.
    var isDraining = false

    init(id: NodeID, labels: [String: String], address: String, total: Resources) {
        self.id = id
        self.labels = labels
        self.address = address
        ledger = NodeLedger(total: total)
    }

    func isAllowed(by placement: Placement) -> Bool {
        switch placement {
        case .automatic, .spread, .node(_, soft: true): true
        case .node(let node, soft: false): node == id
        case .labels(let wanted): wanted.allSatisfy { labels[$0.key] == $0.value }
        }
    }

    /// Whether `request` may be placed here, now.
    func fits(_ request: PlacementRequest) -> Bool {
        !isAwaited && !isDraining && isAllowed(by: request.placement) && ledger.fits(request.resources)
    }

    /// Whether `request` may be placed here once the node is idle.
    func couldEverFit(_ request: PlacementRequest) -> Bool {
        !isDraining && isAllowed(by: request.placement) && ledger.couldEverFit(request.resources)
    }

    /// Reserves `demand` for one placement, if it fits.
    mutating func host(_ demand: Resources) -> Bool {
        guard ledger.acquire(demand) else { return false }
        placementCount += 1
        return true
    }

    mutating func end(_ demand: Resources) {
        precondition(placementCount > 0, "\(demand) released on \(id), which hosts nothing")
        ledger.release(demand)
        placementCount -= 1
    }
}
