package import MantaCore

/// Identifies one request for a place; the caller chooses a new one for each.
package struct PlacementTicket: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package var description: String { "ticket-\(rawValue)" }
}

/// A request that waited and has its place now: its resources are reserved on the node.
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

/// What a node that left means for those that wait.
package struct NodeDeparture: Hashable, Sendable {
    /// Those that have a place on another node now. Nobody, as long as a soft preference for a node does not
    /// wait for it: all others that wait fit no node that is left.
    package var placed: [PlacementGrant]
    /// Those that now no node could ever hold: request by request, each in order of arrival.
    package var failed: [FailedPlacement]

    package init(placed: [PlacementGrant] = [], failed: [FailedPlacement] = []) {
        self.placed = placed
        self.failed = failed
    }
}

/// How many equal requests wait, for listings.
package struct WaitingDemand: Hashable, Sendable {
    package var request: PlacementRequest
    package var count: Int

    package init(request: PlacementRequest, count: Int) {
        self.request = request
        self.count = count
    }
}
