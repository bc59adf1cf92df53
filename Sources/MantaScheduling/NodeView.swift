import MantaCore

/// A node as the scheduler sees it.
struct NodeView {
    let id: NodeID
    let address: String
    private(set) var ledger: NodeLedger
    /// How many placements it hosts, those that hold no resources included.
    private(set) var placementCount = 0

    init(id: NodeID, address: String, total: Resources) {
        self.id = id
        self.address = address
        ledger = NodeLedger(total: total)
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
