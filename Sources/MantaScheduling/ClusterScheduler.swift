internal import HeapModule
package import MantaCore

/// Decides which node each actor goes to, and keeps those in line that fit none now.
///
/// The GCS owns it and keeps in it a view of every node's resources: a placement reserves in the view at
/// once, and the raylet of that node has the last word. What fits no node, ever, fails at once. What fits
/// later waits: `waiting → placed | expired | infeasible | cancelled`. Those that ask for the same, with the
/// same placement, are served in the order in which they came; between different requests the oldest that
/// fits goes first. So a large demand holds up nobody but its like, and small ones may overtake it until its
/// deadline.
///
/// Nothing waits that fits: every change that gives room places whoever can use it, in the same step. A node
/// with room is none for those whose placement forbids it. A soft preference forbids nothing: while the node
/// is full, gone or too small, the request is placed as if automatic.
package struct ClusterScheduler: Sendable {
    package enum Decision: Hashable, Sendable {
        /// What is asked for is reserved on the node.
        case placed(NodeID)
        /// It fits the total of some node that its placement allows, but none now: it is in line.
        case waiting
        /// No node of the cluster that its placement allows could ever hold it: code `infeasible`.
        case infeasible(ClusterError)
        /// Too many wait (code `overloaded`), or the request makes no sense (code `invalidArgument`).
        case refused(ClusterError)
    }

    /// In the order in which they joined.
    private(set) var views: [NodeView] = []
    private var waiting = WaitingPlacements()
    private let hybrid = HybridPolicy()
    private let spread = SpreadPolicy()
    private let waitingLimit: Int
    /// Nodes may be about to come: what fits none waits for them.
    private var awaitsNodes = false

    /// - Parameter waitingLimit: How many may wait; past it, those that would wait are refused.
    package init(waitingLimit: Int = 100_000) { self.waitingLimit = waitingLimit }

    /// Places `request`, or puts it in line under `ticket` until `deadline`.
    ///
    /// - Parameters:
    ///   - request: What is held until ``release(_:on:)``, and where it may be.
    ///   - ticket: Names the request while it waits. One that waits already is our bug.
    ///   - deadline: When ``timePassed(to:)`` gives it up.
    ///   - near: Where it is to go if its placement is automatic and there is room now: what it needs is there.
    /// - Returns: The node, or why there is none now.
    /// - Complexity: O(*n*) in the number of nodes; usually it stops at the first that has room.
    package mutating func place(
        _ request: PlacementRequest,
        ticket: PlacementTicket,
        deadline: Moment,
        near: NodeID? = nil
    ) -> Decision {
        if request.resources.hasNegativeAmount { return .refused(negative(request)) }
        // While others wait for the same, it fits some node, but none now.
        if !waiting.hasLine(for: request) {
            if let index = choose(for: request, near: near) {
                reserve(request, at: index)
                return .placed(views[index].id)
            }
            guard awaitsNodes || couldEverFit(request) else { return .infeasible(infeasible(request)) }
        }
        guard waiting.count < waitingLimit else { return .refused(overloaded(request)) }
        waiting.append(ticket, request: request, deadline: deadline)
        return .waiting
    }

    /// Gives back what one placement held, and places those that now fit.
    ///
    /// - Complexity: O(*d*) in the number of different requests that wait, and O(log *d*) for each one placed.
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
    package mutating func timePassed(to now: Moment) -> [FailedPlacement] {
        var errors: [PlacementRequest: ClusterError] = [:]
        return waiting.removeExpired(at: now).map { ticket, request in
            let error = errors[request] ?? timedOut(request)
            errors[request] = error
            return FailedPlacement(ticket: ticket, error: error)
        }
    }

    /// When ``timePassed(to:)`` next has something to do.
    package var nextDeadline: Moment? { waiting.nextDeadline }

    private func index(of node: NodeID) -> Int? { views.firstIndex { $0.id == node } }

    private func couldEverFit(_ request: PlacementRequest) -> Bool {
        views.contains { $0.couldEverFit(request) }
    }

    private func choose(for request: PlacementRequest, near: NodeID?) -> Int? {
        if case .automatic = request.placement, let index = near.flatMap({ index(of: $0) }),
            views[index].fits(request)
        {
            return index
        }
        switch request.placement {
        case .automatic, .labels: return hybrid.choose(for: request, among: views)
        case .spread: return spread.choose(for: request, among: views)
        case .node(let node, let soft):
            if let index = index(of: node), views[index].fits(request) { return index }
            return soft ? hybrid.choose(for: request, among: views) : nil
        }
    }

    private mutating func reserve(_ request: PlacementRequest, at index: Int) {
        precondition(views[index].host(request.resources), "\(request) does not fit \(views[index].ledger)")
    }

    /// Places those that fit the node that has just gained room; nobody fits any other.
    private mutating func serve(at index: Int) -> [PlacementGrant] {
        var placed: [PlacementGrant] = []
        var candidates = Heap(waiting.heads { views[index].fits($0) })
        while let oldest = candidates.popMin() {
            // An older one, placed a moment ago, may have taken the room.
            guard views[index].host(oldest.request.resources) else { continue }
            waiting.remove(oldest.ticket)
            placed.append(PlacementGrant(ticket: oldest.ticket, node: views[index].id))
            if let next = waiting.head(of: oldest.request) { candidates.insert(next) }
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
    package mutating func nodeJoined(
        _ node: NodeID,
        labels: [String: String],
        total: Resources,
        address: String
    ) -> [PlacementGrant] {
        guard index(of: node) == nil else { return [] }
        views.append(NodeView(id: node, labels: labels, address: address, total: total))
        return serve(at: views.count - 1)
    }

    /// Removes a node with all that it held.
    ///
    /// - Complexity: O(*d* · *n*) in the numbers of different requests that wait and of nodes.
    package mutating func nodeLeft(_ node: NodeID) -> NodeDeparture {
        guard let index = index(of: node) else { return NodeDeparture() }
        views.remove(at: index)
        // A node that leaves makes no room, and who merely preferred it was never kept from the others.
        return NodeDeparture(placed: [], failed: awaitsNodes ? [] : giveUpInfeasible())
    }

    /// Those that wait for what no node could ever hold.
    private mutating func giveUpInfeasible() -> [FailedPlacement] {
        var failed: [FailedPlacement] = []
        for head in waiting.heads(where: { !couldEverFit($0) }).sorted() {
            let error = infeasible(head.request)
            for ticket in waiting.tickets(waitingFor: head.request) {
                waiting.remove(ticket)
                failed.append(FailedPlacement(ticket: ticket, error: error))
            }
        }
        return failed
    }

    /// From now on nothing is placed on `node`.
    ///
    /// - Returns: Those that wait for what no other node could ever hold.
    package mutating func drain(_ node: NodeID) -> [FailedPlacement] {
        guard let index = index(of: node) else { return [] }
        views[index].isDraining = true
        return awaitsNodes ? [] : giveUpInfeasible()
    }

    package func contains(_ node: NodeID) -> Bool { index(of: node) != nil }

    package func address(of node: NodeID) -> String? { index(of: node).map { views[$0].address } }

    /// What the view holds of `node`, `nil` if it is not in the cluster.
    package func ledger(of node: NodeID) -> NodeLedger? { index(of: node).map { views[$0].ledger } }

    /// What nobody holds of `node`, `nil` if it is not in the cluster.
    package func available(on node: NodeID) -> Resources? { ledger(of: node)?.available }

    /// What all nodes offer together, and what of it nobody holds.
    package var totals: (total: Resources, available: Resources) {
        var total = Resources()
        var available = Resources()
        for view in views {
            total.add(view.ledger.total)
            available.add(view.ledger.available)
        }
        return (total, available)
    }

    /// How many placements `node` hosts, those included that hold no resources.
    package func placementCount(on node: NodeID) -> Int {
        index(of: node).map { views[$0].placementCount } ?? 0
    }
}

// MARK: - Restarts of the cluster

extension ClusterScheduler {
    /// Adds a node that was in the cluster before a restart. Nothing is placed on it until it has come back.
    package mutating func restore(
        _ node: NodeID,
        labels: [String: String],
        total: Resources,
        address: String
    ) {
        precondition(index(of: node) == nil, "\(node) is in the cluster already")
        var view = NodeView(id: node, labels: labels, address: address, total: total)
        view.isAwaited = true
        views.append(view)
    }

    /// Reserves what was held on a node before the restart.
    ///
    /// - Returns: Whether the node has it.
    package mutating func occupy(_ demand: Resources, on node: NodeID) -> Bool {
        index(of: node).map { views[$0].host(demand) } ?? false
    }

    /// Places those that fit a node that has come back.
    package mutating func nodeReturned(_ node: NodeID) -> [PlacementGrant] {
        guard let index = index(of: node) else { return [] }
        views[index].isAwaited = false
        return serve(at: index)
    }

    /// From now on what fits no node waits.
    package mutating func awaitNodes() { awaitsNodes = true }

    /// No further nodes are expected.
    ///
    /// - Returns: Those that wait for what no node could ever hold.
    package mutating func awaitNoNodes() -> [FailedPlacement] {
        awaitsNodes = false
        return giveUpInfeasible()
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
                state: $0.isDraining ? .draining : .alive,
                labels: $0.labels,
                total: $0.ledger.total,
                available: $0.ledger.available
            )
        }
    }

    package var waitingCount: Int { waiting.count }

    /// What is waited for, the longest wait first.
    package func waitingDemands() -> [WaitingDemand] {
        waiting.heads.sorted().map { WaitingDemand(request: $0.request, count: $0.lineCount) }
    }

    /// The same, with those that wait longest.
    package func waitingLines() -> [WaitingLine] {
        waiting.heads.sorted().map {
            WaitingLine(request: $0.request, count: $0.lineCount, oldest: $0.ticket, deadline: $0.deadline)
        }
    }
}
