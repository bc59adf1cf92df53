package import MantaCore

/// Decides which node each actor goes to, and keeps those in line that fit none now.
///
/// The GCS owns it and keeps in it a view of every node's resources: a placement reserves in the view at
/// once, and the raylet of that node has the last word. What fits no node, ever, fails at once. What fits
/// later waits: `waiting → placed | expired | infeasible | cancelled`. Those that ask for the same are served
/// in the order in which they came; between different demands the oldest that fits goes first. So a large
/// demand holds up nobody but its like, and small ones may overtake it until its deadline.
///
/// Nothing waits that fits: every change that gives room places whoever can use it, in the same step.
package struct ClusterScheduler: Sendable {
    package enum Decision: Hashable, Sendable {
        /// The demand is reserved on the node.
        case placed(NodeID)
        /// It fits some node's total, but none now: it is in line.
        case waiting
        /// No node of the cluster could ever hold it: code `infeasible`.
        case infeasible(ClusterError)
        /// Too many wait (code `overloaded`), or the demand makes no sense (code `invalidArgument`).
        case refused(ClusterError)
    }

    /// In the order in which they joined.
    private var views: [NodeView] = []
    private var waiting = WaitingPlacements()
    private let policy = HybridPolicy()
    private let waitingLimit: Int

    /// - Parameter waitingLimit: How many may wait; past it, those that would wait are refused.
    package init(waitingLimit: Int = 100_000) { self.waitingLimit = waitingLimit }

    /// Places `demand`, or puts it in line under `ticket` until `deadline`.
    ///
    /// - Parameters:
    ///   - demand: What is held until ``release(_:on:)``.
    ///   - ticket: Names the request while it waits. One that waits already is our bug.
    ///   - deadline: When ``timePassed(to:)`` gives it up.
    /// - Returns: The node, or why there is none now.
    /// - Complexity: O(*n*) in the number of nodes; usually it stops at the first that has room.
    package mutating func place(
        _ demand: Resources,
        ticket: PlacementTicket,
        deadline: ContinuousClock.Instant
    ) -> Decision {
        if demand.hasNegativeAmount {
            return .refused(ClusterError(.invalidArgument, "\(demand) asks for less than zero of a resource"))
        }
        // While others wait for the same, it fits some node, but none now.
        if !waiting.hasLine(for: demand) {
            if let index = policy.choose(for: demand, among: views) {
                reserve(demand, at: index)
                return .placed(views[index].id)
            }
            guard couldEverFit(demand) else { return .infeasible(infeasible(demand)) }
        }
        guard waiting.count < waitingLimit else { return .refused(overloaded(demand)) }
        waiting.append(ticket, demand: demand, deadline: deadline)
        return .waiting
    }

    /// Gives back what one placement held, and places those that now fit.
    ///
    /// - Complexity: O(*d*) in the number of different demands that wait, and O(log *d*) for each one placed.
    package mutating func release(_ demand: Resources, on node: NodeID) -> [PlacementGrant] {
        // The node left with all that it held, and then its actors' deaths came in.
        guard let index = index(of: node) else { return [] }
        views[index].end(demand)
        return serve(at: index)
    }

    /// Stops waiting.
    ///
    /// - Returns: Whether it waited. If not, it has failed, or it has been placed and is to be released.
    package mutating func cancel(_ ticket: PlacementTicket) -> Bool { waiting.remove(ticket) != nil }

    /// Gives up those whose deadline has come, in the order of their deadlines: code `placementTimedOut`.
    package mutating func timePassed(to now: ContinuousClock.Instant) -> [FailedPlacement] {
        var errors: [Resources: ClusterError] = [:]
        return waiting.removeExpired(at: now).map { ticket, demand in
            let error = errors[demand] ?? timedOut(demand)
            errors[demand] = error
            return FailedPlacement(ticket: ticket, error: error)
        }
    }

    /// When ``timePassed(to:)`` next has something to do.
    package var nextDeadline: ContinuousClock.Instant? { waiting.nextDeadline }

    private func index(of node: NodeID) -> Int? { views.firstIndex { $0.id == node } }

    private func couldEverFit(_ demand: Resources) -> Bool {
        views.contains { $0.ledger.couldEverFit(demand) }
    }

    private mutating func reserve(_ demand: Resources, at index: Int) {
        precondition(views[index].host(demand), "\(demand) does not fit \(views[index].ledger)")
    }

    /// Places those that fit the node that has just gained room; nobody fits any other.
    private mutating func serve(at index: Int) -> [PlacementGrant] {
        var placed: [PlacementGrant] = []
        var candidates = BinaryHeap(waiting.heads.filter { views[index].ledger.fits($0.demand) })
        while let oldest = candidates.popFirst() {
            // An older one, placed a moment ago, may have taken the room.
            guard views[index].host(oldest.demand) else { continue }
            waiting.remove(oldest.ticket)
            placed.append(PlacementGrant(ticket: oldest.ticket, node: views[index].id))
            if let next = waiting.head(of: oldest.demand) { candidates.insert(next) }
        }
        return placed
    }
}

// MARK: - Nodes

extension ClusterScheduler {
    /// Adds a node, and places those that fit it.
    ///
    /// A node that is here already keeps what it has: its raylet asked again because the answer was lost.
    /// One that has left comes back under a new identifier, since actors that it held may still be released.
    package mutating func nodeJoined(_ node: NodeID, total: Resources, address: String) -> [PlacementGrant] {
        guard index(of: node) == nil else { return [] }
        views.append(NodeView(id: node, address: address, total: total))
        return serve(at: views.count - 1)
    }

    /// Removes a node with all that it held.
    ///
    /// - Returns: Those that wait for what now no node could ever hold: demand by demand, each in order
    ///   of arrival.
    package mutating func nodeLeft(_ node: NodeID) -> [FailedPlacement] {
        guard let index = index(of: node) else { return [] }
        views.remove(at: index)
        var failed: [FailedPlacement] = []
        for head in waiting.heads.sorted() where !couldEverFit(head.demand) {
            let error = infeasible(head.demand)
            for ticket in waiting.tickets(waitingFor: head.demand) {
                waiting.remove(ticket)
                failed.append(FailedPlacement(ticket: ticket, error: error))
            }
        }
        return failed
    }

    package func contains(_ node: NodeID) -> Bool { index(of: node) != nil }

    /// What the view holds of `node`, `nil` if it is not in the cluster.
    package func ledger(of node: NodeID) -> NodeLedger? { index(of: node).map { views[$0].ledger } }

    /// How many placements `node` hosts, those included that hold no resources.
    package func placementCount(on node: NodeID) -> Int {
        index(of: node).map { views[$0].placementCount } ?? 0
    }
}

// MARK: - Listings

extension ClusterScheduler {
    /// In the order in which they joined.
    package func nodes() -> [NodeInfo] {
        views.map {
            NodeInfo(
                id: $0.id,
                address: $0.address,
                state: .alive,
                labels: [:],
                total: $0.ledger.total,
                available: $0.ledger.available
            )
        }
    }

    package var waitingCount: Int { waiting.count }

    /// What is waited for, the longest wait first.
    package func waitingDemands() -> [WaitingDemand] {
        waiting.heads.sorted().map { WaitingDemand(demand: $0.demand, count: $0.lineCount) }
    }
}

// MARK: - Errors

extension ClusterScheduler {
    private func infeasible(_ demand: Resources) -> ClusterError {
        let shortages = views.map { Shortage(of: $0.id, demand: demand, offer: $0.ledger.total) }
        guard let nearest = Shortage.nearest(shortages) else {
            return ClusterError(
                .infeasible,
                "no node can hold \(demand): the cluster has no nodes",
                hint: "start a node that offers \(demand)"
            )
        }
        return ClusterError(
            .infeasible,
            "no node can ever hold \(demand): \(nearest.node), the nearest, lacks "
                + nearest.describe(has: "it has"),
            hint: "ask for \(nearest.advice), or start a node that offers \(demand)"
        )
    }

    private func timedOut(_ demand: Resources) -> ClusterError {
        let shortages = views.filter { $0.ledger.couldEverFit(demand) }
            .map { Shortage(of: $0.id, demand: demand, offer: $0.ledger.available) }
        guard let nearest = Shortage.nearest(shortages) else {
            preconditionFailure("\(demand) waited although no node could ever hold it")
        }
        return ClusterError(
            .placementTimedOut,
            "\(demand) was not free on any node in time: \(nearest.node), the nearest, lacks "
                + nearest.describe(has: "it now has"),
            hint: "ask for less, stop actors that hold it, add a node, or raise placementTimeout"
        )
    }

    private func overloaded(_ demand: Resources) -> ClusterError {
        ClusterError(
            .overloaded,
            "\(demand) would have to wait, and \(waiting.count) wait already, which is the limit",
            hint: "spawn fewer at a time, or add nodes"
        )
    }
}
