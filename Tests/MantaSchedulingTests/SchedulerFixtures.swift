import MantaCore
import MantaScheduling

let start = Moment(nanoseconds: 5_000_000_000)
let first = NodeID(1)
let second = NodeID(2)

extension ClusterScheduler {
    /// A cluster with nodes 1, 2, … of these totals.
    init(nodes: Resources..., waitingLimit: Int = 100) {
        self.init(waitingLimit: waitingLimit)
        for total in nodes { _ = join(total) }
    }

    /// Adds the node with the next number.
    mutating func join(_ total: Resources, labels: [String: String] = [:]) -> [PlacementGrant] {
        let node = NodeID(UInt64(nodes().count + 1))
        return nodeJoined(node, labels: labels, total: total, address: "embedded")
    }

    mutating func place(
        _ demand: Resources,
        _ ticket: UInt64,
        _ placement: Placement = .automatic,
        within: Duration = .seconds(30),
        near: NodeID? = nil
    ) -> Decision {
        place(
            PlacementRequest(resources: demand, placement: placement),
            ticket: PlacementTicket(ticket),
            deadline: start + within,
            near: near
        )
    }
}

func placement(_ ticket: UInt64, on node: NodeID) -> PlacementGrant {
    PlacementGrant(ticket: PlacementTicket(ticket), node: node)
}
