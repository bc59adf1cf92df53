package import MantaCore
package import MantaTransport
import Synchronization

/// How links between control lanes are watched.
struct ControlWatch: Sendable {
    let heartbeat: LinkLimits.Heartbeat?
    let lost: @Sendable (LinkFailure) -> Void
}

// Links between control lanes of processes that have to know of each other whether they live: the GCS, raylets, and
// drivers that have joined.

extension ClusterSystem {
    /// Calls `lost` on the control lane whenever a link between the control lane of `process` and this one closes. Those
    /// that are made from now on have heartbeats, if there is one.
    package func watch(
        _ process: ProcessID,
        heartbeat: LinkLimits.Heartbeat? = nil,
        lost: @escaping @Sendable (LinkFailure) -> Void
    ) {
        watches.withLock { $0[process] = ControlWatch(heartbeat: heartbeat, lost: lost) }
    }

    /// Whether the control lane of `process` and this one have a link now, whose end a watch will tell.
    package func hasControlLink(with process: ProcessID) -> Bool {
        peers.all.contains { $0.peer == process && $0.lane === control && $0.isOpen }
    }

    package func unwatch(_ process: ProcessID) { watches.withLock { $0[process] = nil } }

    func heartbeat(with process: ProcessID, on lane: Lane) -> LinkLimits.Heartbeat? {
        lane === control ? watches.withLock { $0[process]?.heartbeat } : nil
    }

    /// Makes the link over which this process calls the control lane of `process`, if there is none: a call would too,
    /// but until it does nothing would tell of that process's end.
    ///
    /// - Throws: ``ClusterError`` with code `notConnected`.
    package func openControlLink(to process: ProcessID) async throws {
        _ = try await peers.connection(to: process, lane: Greeting.controlLane) {
            try await self.connect(to: try await self.location(ofControlLaneOf: process))
        }
    }
}
