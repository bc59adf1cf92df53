import MantaCore

/// Why a request has no place, and what would give it one.
extension ClusterScheduler {
    /// For a request that no node could ever hold.
    func infeasible(_ request: PlacementRequest) -> ClusterError {
        if case .node(let node, soft: false) = request.placement, !contains(node) {
            return ClusterError(
                .infeasible,
                "no node can hold \(request): \(node) has left the cluster, or never joined it",
                hint: "choose a node that nodes() lists, or allow other nodes with soft: true"
            )
        }
        let allowed = views.filter { $0.isAllowed(by: request.placement) }
        let candidates = allowed.filter { !$0.isDraining }
        if let drained = allowed.first, candidates.isEmpty {
            return ClusterError(
                .infeasible,
                "nothing is placed on \(drained.id) any more, because it is drained",
                hint: "allow other nodes, or start its node again"
            )
        }
        let shortages = candidates.map {
            Shortage(of: $0.id, demand: request.resources, offer: $0.ledger.total)
        }
        guard let nearest = Shortage.nearest(shortages) else { return nobodyAllowed(request) }
        if case .node(let node, soft: false) = request.placement {
            return ClusterError(
                .infeasible,
                "no node can ever hold \(request): \(node) lacks \(nearest.describe(has: "it has"))",
                hint: "ask for \(nearest.advice), or allow other nodes with soft: true"
            )
        }
        return ClusterError(
            .infeasible,
            "no node can ever hold \(request): \(nearest.node), the nearest, lacks "
                + nearest.describe(has: "it has"),
            hint: "ask for \(nearest.advice), or start \(request.fittingNode)"
        )
    }

    /// What a request that waits lacks on the nearest node.
    package func lack(of request: PlacementRequest) -> String {
        let shortages = views.filter { $0.couldEverFit(request) }
            .map { Shortage(of: $0.id, demand: request.resources, offer: $0.ledger.available) }
        guard let nearest = Shortage.nearest(shortages) else { return "no node could hold it" }
        return "\(nearest.node) lacks \(nearest.describe(has: "it now has"))"
    }

    /// For a request that waited until its deadline.
    func timedOut(_ request: PlacementRequest) -> ClusterError {
        let shortages = views.filter { $0.couldEverFit(request) }
            .map { Shortage(of: $0.id, demand: request.resources, offer: $0.ledger.available) }
        // While nodes may be about to come, also what none of those could hold that are there.
        guard let nearest = Shortage.nearest(shortages) else { return infeasible(request) }
        if case .node(let node, soft: false) = request.placement {
            return ClusterError(
                .placementTimedOut,
                "\(request) was not free in time: \(node) lacks \(nearest.describe(has: "it now has"))",
                hint: "ask for less, stop actors that hold it, allow other nodes with soft: true, "
                    + "or raise placementTimeout"
            )
        }
        var addition = "add a node"
        if case .labels = request.placement { addition += " with these labels" }
        return ClusterError(
            .placementTimedOut,
            "\(request) was not free on any node in time: \(nearest.node), the nearest, lacks "
                + nearest.describe(has: "it now has"),
            hint: "ask for less, stop actors that hold it, \(addition), or raise placementTimeout"
        )
    }

    func overloaded(_ request: PlacementRequest) -> ClusterError {
        ClusterError(
            .overloaded,
            "\(request) would have to wait, and \(waitingCount) wait already, which is the limit",
            hint: "spawn fewer at a time, or add nodes"
        )
    }

    func negative(_ request: PlacementRequest) -> ClusterError {
        ClusterError(.invalidArgument, "\(request) asks for less than zero of a resource")
    }

    /// The cluster is empty, or none of its nodes carries the labels.
    private func nobodyAllowed(_ request: PlacementRequest) -> ClusterError {
        guard case .labels(let labels) = request.placement,
            let nearest = LabelShortage.nearest(
                views.map { LabelShortage(of: $0.id, wanted: labels, present: $0.labels) }
            )
        else {
            return ClusterError(
                .infeasible,
                "no node can hold \(request): the cluster has no nodes",
                hint: "start \(request.fittingNode)"
            )
        }
        return ClusterError(
            .infeasible,
            "no node can hold \(request): none carries all these labels; \(nearest.node), the nearest, lacks "
                + nearest.text,
            hint: "ask for other labels, or start \(request.fittingNode)"
        )
    }
}
