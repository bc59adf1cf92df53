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
}
