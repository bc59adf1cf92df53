/// How an actor is spawned.
public struct ActorOptions: Codable, Hashable, Sendable {
    /// A name that is unique while the actor lives; shown in logs and listings.
    public var name: String?
    /// What the actor holds of its node's resources while it lives.
    public var resources: Resources
    /// Where its code runs: see ``Isolation``.
    public var isolation: Isolation
    /// How many calls of one process to this actor may wait to be started; past it, callers suspend.
    public var maxPendingCalls: Int
    /// How long `spawn` waits for resources that other actors hold now.
    public var placementTimeout: Duration
    /// Variables for the worker process; only with ``Isolation/process``.
    public var environment: [String: String]

    public init(
        name: String? = nil,
        resources: Resources = [:],
        isolation: Isolation = .shared,
        maxPendingCalls: Int = 1_000,
        placementTimeout: Duration = .seconds(30),
        environment: [String: String] = [:]
    ) {
        self.name = name
        self.resources = resources
        self.isolation = isolation
        self.maxPendingCalls = maxPendingCalls
        self.placementTimeout = placementTimeout
        self.environment = environment
    }
}

/// What an actor shares with others.
public enum Isolation: String, Codable, Hashable, Sendable, CaseIterable {
    /// A lane of a worker process, both shared with other actors: starts in microseconds. Its methods must
    /// neither block nor compute for long.
    case shared
    /// A lane of its own in a shared worker process: its methods may compute and block.
    case thread
    /// A worker process of its own: a crash takes nothing else down.
    case process
}
