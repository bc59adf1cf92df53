/// How an actor is spawned.
public struct ActorOptions: Codable, Hashable, Sendable {
    /// A name that is unique in its namespace while the actor lives; shown in logs and listings.
    public var name: String?
    /// Where the name counts, and the names that the actor itself uses; `nil` is the namespace of the actor or
    /// program that spawns it.
    public var namespace: String?
    /// What the actor holds of its node's resources while it lives.
    public var resources: Resources
    /// Where its code runs: see ``Isolation``.
    public var isolation: Isolation
    /// What ends it when nobody stops it: see ``Lifetime``.
    public var lifetime: Lifetime
    /// What becomes of it when its process or node dies: see ``RestartPolicy``.
    public var restarts: RestartPolicy
    /// Which node it goes to: see ``Placement``.
    public var placement: Placement
    /// How many of its calls run at a time: see ``Concurrency``.
    public var concurrency: Concurrency
    /// How many calls of one process to this actor may wait to be started; past it, callers suspend.
    public var maxPendingCalls: Int
    /// How long `spawn` waits for resources that other actors hold now, and a restart too. (For a node that could ever hold it a
    /// restart waits for as long as it takes, and `spawn` not at all.)
    public var placementTimeout: Duration
    /// Variables for the worker process; only with ``Isolation/process``.
    public var environment: [String: String]

    public init(
        name: String? = nil,
        namespace: String? = nil,
        resources: Resources = [:],
        isolation: Isolation = .shared,
        lifetime: Lifetime = .job,
        restarts: RestartPolicy = .never,
        placement: Placement = .automatic,
        concurrency: Concurrency = .reentrant,
        maxPendingCalls: Int = 1_000,
        placementTimeout: Duration = .seconds(30),
        environment: [String: String] = [:]
    ) {
        self.name = name
        self.namespace = namespace
        self.resources = resources
        self.isolation = isolation
        self.lifetime = lifetime
        self.restarts = restarts
        self.placement = placement
        self.concurrency = concurrency
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

/// What ends an actor that nobody stops or kills. References do not count: an actor without any lives on.
public enum Lifetime: String, Codable, Hashable, Sendable, CaseIterable {
    /// The end of the driver in whose job it was spawned, directly or by one of the job's actors. Spawned by a
    /// detached actor, which belongs to no job, the same as ``detached``.
    case job
    /// The end, or the restart, of the actor that spawned it. Spawned by a driver, the same as ``job``.
    case spawner
    /// Only the end of the cluster.
    case detached
}

/// What becomes of an actor whose process or node dies.
///
/// A restart keeps the actor's identity and name, raises its epoch, and calls `init` again with the same
/// arguments, on any node that has the resources. The first restart comes at once; while incarnations fail
/// soon after their start, the next ones wait, from 0.1 s doubled each time up to 10 s, give or take a
/// half of it. `init` that throws counts as a restart used; the very first `init` is never repeated. While no node is there
/// that could ever hold the actor, its restart waits for one, which uses up nothing.
public enum RestartPolicy: Codable, Hashable, Sendable {
    /// It stays dead.
    case never
    /// It is restarted, but at most `count` times in any period of this length; the next death in it is final.
    case upTo(_ count: Int, within: Duration)
    /// It is restarted without end.
    case always
}

/// Which node an actor goes to, of those that have the resources it asks for.
public enum Placement: Codable, Hashable, Sendable {
    /// Nodes are filled to half in the order in which they joined; then the least loaded is taken. An actor that
    /// asks for no resources goes to the node with the fewest actors.
    case automatic
    /// The node with the fewest actors.
    case spread
    /// This node. With `soft`, another one when it is gone, has no room now, or could never hold the actor.
    case node(NodeID, soft: Bool = false)
    /// Among the nodes that have all these labels with these values, as ``automatic``.
    case labels([String: String])
}

/// How many calls of one actor run at a time. Calls start in the order in which they arrive.
///
/// An actor with a limit is called over a link even from its own process, so that the limit holds for all its callers.
public enum Concurrency: Codable, Hashable, Sendable {
    /// Swift's own way: one at a time between two suspensions; while one waits, others run.
    case reentrant
    /// One call at a time, from its start to its end. Actors that wait for each other in a circle get
    /// the error `deadlock`.
    case serial
    /// At most this many calls between their start and their end.
    case limited(Int)

    /// How many calls may be between their start and their end; `nil` for any number.
    package var limit: Int? {
        switch self {
        case .reentrant: nil
        case .serial: 1
        case .limited(let count): max(1, count)
        }
    }
}
