package import MantaCore

/// Identifies one request for a place; the caller chooses a new one for each.
package struct PlacementTicket: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package var description: String { "ticket-\(rawValue)" }
}

/// A request that waited and has its place now: its demand is reserved on the node.
package struct PlacementGrant: Hashable, Sendable {
    package var ticket: PlacementTicket
    package var node: NodeID

    package init(ticket: PlacementTicket, node: NodeID) {
        self.ticket = ticket
        self.node = node
    }
}

/// A request that waited in vain: it holds nothing and is forgotten.
package struct FailedPlacement: Hashable, Sendable {
    package var ticket: PlacementTicket
    package var error: ClusterError

    package init(ticket: PlacementTicket, error: ClusterError) {
        self.ticket = ticket
        self.error = error
    }
}

/// How many requests with the same demand wait, for listings.
package struct WaitingDemand: Hashable, Sendable {
    package var demand: Resources
    package var count: Int

    package init(demand: Resources, count: Int) {
        self.demand = demand
        self.count = count
    }
}
