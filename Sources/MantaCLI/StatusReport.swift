internal import MantaCore
package import MantaGCS

/// What `manta status` prints: as JSON its fields, for people its lines.
package struct StatusReport: Codable, Hashable, Sendable {
    package var cluster: String
    /// Where the head is; missing for an embedded cluster.
    package var head: String?
    package var version: String
    package var uptimeSeconds: Double
    package var storage: String
    package var nodes: [NodeRow]
    package var total: [String: Double]
    package var available: [String: Double]
    package var actors: Actors
    package var drivers: Int
    package var pending: [Pending]
    package var failures: [Failure]

    package struct Actors: Codable, Hashable, Sendable {
        package var pending: Int
        package var alive: Int
        package var restarting: Int
        package var dead: Int
    }

    /// What actors wait for.
    package struct Pending: Codable, Hashable, Sendable {
        package var count: Int
        package var resources: [String: Double]
        package var placement: String
        package var waitedSeconds: Double
        /// `nil`: it does not.
        package var givesUpInSeconds: Double?
        package var reason: String
    }

    package struct Failure: Codable, Hashable, Sendable {
        package var time: String
        /// `node`, `worker` or `actor`.
        package var kind: String
        package var subject: String
        package var cause: String
        package var actors: Int
    }

    package init(_ status: ClusterStatus, now: Timestamp) {
        cluster = String(status.cluster, radix: 16)
        head = status.headAddress
        version = status.version
        uptimeSeconds = status.uptime.inSeconds
        storage = status.storage
        nodes = status.nodes.map {
            NodeRow($0.info, isHead: $0.info.address == status.headAddress, actors: $0.actorCount)
        }
        total = Self.sum(status.nodes.map(\.info.total))
        available = Self.sum(status.nodes.map(\.info.available))
        actors = Actors(
            pending: status.actors.pending,
            alive: status.actors.alive,
            restarting: status.actors.restarting,
            dead: status.actors.dead
        )
        drivers = status.driverCount
        pending = status.demands.map { Pending($0) }
        failures = status.failures.map { Failure($0, now: now) }
    }

    private static func sum(_ resources: [Resources]) -> [String: Double] {
        resources.reduce(into: [:]) { sum, one in sum.merge(ResourceText.numbers(one), uniquingKeysWith: +) }
    }
}

extension StatusReport.Pending {
    fileprivate init(_ demand: ClusterStatus.Demand) {
        count = demand.count
        resources = ResourceText.numbers(demand.resources)
        placement = PlacementText.text(demand.placement)
        waitedSeconds = demand.waited.inSeconds
        givesUpInSeconds = demand.patience?.inSeconds
        reason = demand.reason
    }
}

extension StatusReport.Failure {
    fileprivate init(_ failure: ClusterStatus.Failure, now: Timestamp) {
        time = "\(Timestamp(secondsSinceEpoch: now.secondsSinceEpoch - failure.age.inSeconds))"
        cause = "\(failure.cause)"
        actors = failure.actorCount
        switch failure.subject {
        case .node(let node, let address): (kind, subject) = ("node", "\(node) at \(address)")
        case .worker(let process, let node): (kind, subject) = ("worker", "process \(process) on \(node)")
        case .actor(let actor, let type, let name):
            (kind, subject) = ("actor", "\(type)\(name.map { " \"\($0)\"" } ?? "") (\(actor))")
        }
    }
}
