package import MantaCore
internal import MantaScheduling

// Taking a node out of service in order.

extension ControlPlane {
    /// Something that is held on a node, or is being ended there.
    package func anyLease(on node: NodeID) -> ActorKey? { leases.keys(on: node).first }

    /// Places nothing on a node any more, and has all that it hosts end in order: what may be restarted goes on elsewhere,
    /// which does not count against its restarts, and the rest is dead. Asked again, the first request counts.
    ///
    /// A call to one that moves waits for its next incarnation, so none fails by this that is given the time.
    ///
    /// - Parameters:
    ///   - node: The node.
    ///   - limit: How long calls in progress may take.
    ///   - now: The time.
    /// - Throws: `invalidArgument` when the node is no member.
    package mutating func drain(_ node: NodeID, within limit: Duration, now: Moment) throws(ClusterError) {
        guard membership.isMember(node) else {
            throw ClusterError(
                .invalidArgument,
                "\(node) is not a node of the cluster",
                hint: "manta list nodes lists those that are"
            )
        }
        if nodes[node]?.isDraining == false {
            nodes[node]?.isDraining = true
            membership.changed(node)
        }
        drains[node] = limit
        for failed in scheduler.drain(node) { placementFailed(failed, now: now) }
        for key in leases.keys(on: node) { drain(key, from: node, within: limit, now: now) }
    }

    /// An incarnation has been built: if that is on a node which is being drained, it came too late.
    mutating func drainIfNeeded(_ key: ActorKey, now: Moment) {
        guard let node = leases[key]?.node, nodes[node]?.isDraining == true else { return }
        drain(key, from: node, within: drains[node] ?? Self.orphanStopLimit, now: now)
    }

    private mutating func drain(_ key: ActorKey, from node: NodeID, within limit: Duration, now: Moment) {
        guard let record = directory.actor(key.id), record.key == key, record.stopping == nil,
            record.moving == nil, case .alive = record.state
        else { return }
        if case .never = record.spec.options.restarts {
            _ = try? stop(key.id, .drained(node), within: limit, now: now)
        } else {
            directory.moving(key.id, .drained(node), within: limit)
            act(.changed(key.id))
            act(.send(.stop(key, .drained(node), within: limit), to: node))
        }
    }
}
