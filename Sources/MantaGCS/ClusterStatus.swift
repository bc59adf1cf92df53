package import MantaCore

/// How a cluster is, at a glance: what `manta status` shows.
package struct ClusterStatus: Sendable, Codable {
    package var cluster: UInt64
    /// Of the head.
    package var version: String
    /// Since the head started.
    package var uptime: Duration
    /// Where the directory is kept.
    package var storage: String
    /// Where the node of the head is; `nil` in a cluster of one machine.
    package var headAddress: String?
    package var nodes: [Node]
    package var actors: Directory.ActorCounts
    /// Drivers that run, except one that hosts the cluster.
    package var driverCount: Int
    /// The longest wait first.
    package var demands: [Demand]
    /// The newest first.
    package var failures: [Failure]

    package struct Node: Sendable, Codable {
        package var info: NodeInfo
        /// Actors that have their place there.
        package var actorCount: Int
    }

    /// What actors wait for that ask for the same.
    package struct Demand: Sendable, Codable {
        package var resources: Resources
        package var placement: Placement
        package var count: Int
        /// Of the one that waits longest.
        package var waited: Duration
        /// When that one gives up; `nil`: never.
        package var patience: Duration?
        /// What the nearest node lacks.
        package var reason: String
    }

    package struct Failure: Sendable, Codable {
        package var age: Duration
        package var subject: FailureLog.Subject
        package var cause: DeathCause
        package var actorCount: Int
    }
}
