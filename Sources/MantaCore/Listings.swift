/// A node, as `nodes()` lists it.
public struct NodeInfo: Codable, Hashable, Sendable, Identifiable {
    /// `nodes()` lists the members of the cluster: `alive ⇄ suspect → dead`, and `draining` on request.
    public enum State: String, Codable, Hashable, Sendable {
        case alive
        /// The head has lost it and finds out whether it is dead.
        case suspect
        /// Nothing is placed on it any more.
        case draining
        case dead
    }

    public var id: NodeID
    /// Where its raylet is reached; `embedded` inside a driver.
    public var address: String
    public var state: State
    public var labels: [String: String]
    /// What the node offers.
    public var total: Resources
    /// What no actor holds now.
    public var available: Resources
    /// How much the objects in its store may take, in bytes.
    public var storeCapacity = 0
    /// What they take; 0 from a node that does not answer.
    public var storeUsed = 0

    package init(
        id: NodeID,
        address: String,
        state: State,
        labels: [String: String],
        total: Resources,
        available: Resources
    ) {
        self.id = id
        self.address = address
        self.state = state
        self.labels = labels
        self.total = total
        self.available = available
    }
}

/// An actor of the directory, as `actors()` lists it.
public struct ActorInfo: Codable, Hashable, Sendable, Identifiable {
    /// `pending → alive → restarting → alive … → dead`.
    public enum State: String, Codable, Hashable, Sendable { case pending, alive, restarting, dead }

    public var id: ActorID
    /// Unique in its namespace while the actor is not dead.
    public var name: String?
    /// Where the name counts.
    public var namespace: String
    /// As Swift prints it: `Counter`.
    public var typeName: String
    public var state: State
    /// Where it lives; `nil` while it has no place yet.
    public var node: NodeID?
    /// The operating system's number of its worker.
    public var processID: Int32?
    /// Counts its incarnations from 1.
    public var epoch: UInt32
    /// How often it has been restarted.
    public var restarts: Int
    public var options: ActorOptions
    /// Why it is dead; `nil` otherwise.
    public var deathCause: DeathCause?

    package init(
        id: ActorID,
        name: String?,
        namespace: String,
        typeName: String,
        state: State,
        node: NodeID?,
        processID: Int32?,
        epoch: UInt32,
        restarts: Int,
        options: ActorOptions,
        deathCause: DeathCause?
    ) {
        self.id = id
        self.name = name
        self.namespace = namespace
        self.typeName = typeName
        self.state = state
        self.node = node
        self.processID = processID
        self.epoch = epoch
        self.restarts = restarts
        self.options = options
        self.deathCause = deathCause
    }
}

/// What happens in the life of an actor, as `lifecycle(of:)` tells it.
public enum LifecycleEvent: Codable, Hashable, Sendable {
    /// It takes calls. Epochs count its incarnations from 1; 0 is that of an actor that a process created for itself.
    case alive(epoch: UInt32)
    /// Its incarnation is gone and another one is to come.
    case restarting
    /// It is dead, for good: the last event.
    case terminated(DeathCause)
}

extension LifecycleEvent: CustomStringConvertible {
    /// For people: `alive (incarnation 2)`, `restarting`, `terminated: node-3 died`.
    public var description: String {
        switch self {
        case .alive(let epoch): "alive (incarnation \(epoch))"
        case .restarting: "restarting"
        case .terminated(let cause): "terminated: \(cause)"
        }
    }
}
