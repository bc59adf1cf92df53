package import MantaTransport

/// When a node is taken for dead.
package struct NodeLiveness: Hashable, Sendable {
    /// On the control links between the process of the GCS and that of a raylet, from either side.
    package var heartbeat: LinkLimits.Heartbeat
    /// How long a raylet whose link was lost has to come back.
    package var grace: Duration
    /// Whether other raylets are asked about one that has lost its link, before it is taken for dead.
    package var asksWitnesses = false

    /// - Parameters:
    ///   - silence: How long a raylet may be silent before its link is given up.
    ///   - grace: How long it has to come back after that.
    package init(silence: Duration = .seconds(3), grace: Duration = .seconds(3)) {
        heartbeat = LinkLimits.Heartbeat(silence: silence)
        self.grace = grace
    }

    /// For a cluster of several machines.
    ///
    /// - Parameter bound: How long a node may be silent before it is declared dead.
    package init(bound: Duration) {
        self.init(silence: bound * 2 / 3, grace: bound / 3)
        asksWitnesses = true
    }
}

extension LinkLimits.Heartbeat {
    /// Several beats fit in the time, so that a single late one does no harm.
    package init(silence: Duration) { self.init(interval: silence / 4, bound: silence) }
}
