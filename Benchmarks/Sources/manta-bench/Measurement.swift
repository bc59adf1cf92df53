/// What one process of the program measures with one cluster.
enum Measurement: String, CaseIterable {
    case calls
    /// Calls of workers that run methods in Swift's public way.
    case standardCalls = "standard-calls"
    case actors
    case directory
    case cluster
    /// Large ones.
    case objects
    case objectCalls = "object-calls"
    /// What only a store can show that is new.
    case coldStore = "cold-store"
    /// Between two nodes that are daemons.
    case networkCalls = "network-calls"
    /// On four nodes that are daemons.
    case networkActors = "network-actors"
    case networkCrowd = "network-crowd"
    /// Between two nodes that are daemons.
    case networkObjects = "network-objects"
    /// What happens when parts of a cluster of three daemons end.
    case failover
}
