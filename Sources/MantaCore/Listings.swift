/// A node, as `nodes()` lists it.
public struct NodeInfo: Codable, Hashable, Sendable, Identifiable {
    public enum State: String, Codable, Hashable, Sendable { case alive, dead }

    public var id: NodeID
    /// Where its raylet is reached; `embedded` inside a driver.
    public var address: String
    public var state: State
    public var labels: [String: String]
    /// What the node offers.
    public var total: Resources
    /// What no actor holds now.
    public var available: Resources

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
    public enum State: String, Codable, Hashable, Sendable { case pending, alive, dead }

    public var id: ActorID
    public var name: String?
    /// As Swift prints it: `Counter`.
    public var typeName: String
    public var state: State
    /// Where it lives; `nil` while it has no place yet.
    public var node: NodeID?
    /// The operating system's number of its worker.
    public var processID: Int32?
    /// Counts its incarnations from 1.
    public var epoch: UInt32
    public var options: ActorOptions
    /// Why it is dead; `nil` otherwise.
    public var deathCause: DeathCause?

    package init(
        id: ActorID,
        name: String?,
        typeName: String,
        state: State,
        node: NodeID?,
        processID: Int32?,
        epoch: UInt32,
        options: ActorOptions,
        deathCause: DeathCause?
    ) {
        self.id = id
        self.name = name
        self.typeName = typeName
        self.state = state
        self.node = node
        self.processID = processID
        self.epoch = epoch
        self.options = options
        self.deathCause = deathCause
    }
}
