package import MantaCore

/// What the directory knows of an actor: `pending → alive → restarting → alive … → dead`.
///
/// A pending or restarting one waits for a place while `node` is `nil`, and is being built on `node` after that.
package struct ActorRecord: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case pending
        case alive
        /// An incarnation ended for this cause; the epoch is that of the one to come.
        case restarting(DeathCause)
        case dead(DeathCause)
    }

    /// Without its arguments once it is dead.
    package internal(set) var spec: ActorSpec
    package internal(set) var state = State.pending
    /// Whose end is its own; `nil` for a detached one.
    package let owner: ActorOwner?
    /// The driver that it belongs to; `nil` for a detached one, and for those that such a one spawns.
    package let job: ProcessID?
    /// Where its resources are reserved, or were until it died.
    package internal(set) var node: NodeID?
    /// Where calls to it go; `nil` unless it is alive.
    package internal(set) var location: ActorLocation?
    /// The operating system's number of its process, also after its death.
    package internal(set) var operatingSystemID: Int32?
    package internal(set) var lifecycle = LifecycleLog()
    /// When this incarnation began to take calls.
    package internal(set) var aliveSince: Moment?
    package internal(set) var restartCount = 0
    package internal(set) var budget = RestartBudget()
    /// Its node is drained: this incarnation ends in order, and the next one is to come elsewhere.
    package internal(set) var moving: DeathCause?
    /// It was asked to stop, and dies of this when it has.
    package internal(set) var stopping: DeathCause?
    /// How long it was given to stop, or to move.
    package internal(set) var stopLimit: Duration?
    /// How many had died when it had.
    var deathNumber: UInt64?
    /// The number of the request that it was spawned for.
    let request: UInt64

    init(spec: ActorSpec, owner: ActorOwner?, job: ProcessID?, request: UInt64 = 0) {
        self.spec = spec
        self.request = request
        self.owner = owner
        self.job = job
    }

    package var id: ActorID { spec.id }
    package var key: ActorKey { spec.key }

    /// It takes calls from now on.
    mutating func start(at location: ActorLocation, operatingSystemID: Int32, now: Moment) {
        state = .alive
        self.location = location
        self.operatingSystemID = operatingSystemID
        aliveSince = now
        lifecycle.append(.alive(epoch: location.epoch))
    }

    /// It died before its first incarnation was built, and nobody has heard of it.
    var wasGivenUp: Bool {
        operatingSystemID == nil && (deathCause == .killed || deathCause == ControlPlane.headEnded)
    }

    package var deathCause: DeathCause? {
        if case .dead(let cause) = state { cause } else { nil }
    }

    /// It is to have a place and has none yet.
    package var isUnplaced: Bool {
        switch state {
        case .pending, .restarting: node == nil
        case .alive, .dead: false
        }
    }

    package var fate: ActorFate {
        switch state {
        case .pending: return .pending
        case .restarting(let cause): return .restarting(cause)
        case .dead(let cause): return .dead(cause)
        case .alive:
            if let moving { return .restarting(moving) }
            guard let location else { preconditionFailure("\(id) is alive but nowhere") }
            return .alive(location)
        }
    }

    package var info: ActorInfo {
        let listedState: ActorInfo.State =
            switch state {
            case .pending: .pending
            case .alive: .alive
            case .restarting: .restarting
            case .dead: .dead
            }
        return ActorInfo(
            id: spec.id,
            name: spec.options.name,
            namespace: spec.options.namespace ?? QualifiedName.defaultNamespace,
            typeName: spec.typeName,
            state: listedState,
            node: node,
            processID: operatingSystemID,
            epoch: spec.epoch,
            restarts: restartCount,
            options: spec.options,
            deathCause: deathCause
        )
    }
}

/// Whose end ends an actor.
package enum ActorOwner: Hashable, Sendable, Codable {
    /// A driver.
    case job(ProcessID)
    /// An incarnation of another actor.
    case actor(ActorKey)
}

/// What the directory knows of one incarnation of a process: `alive → dead`.
package struct ProcessRecord: Hashable, Sendable, Codable {
    package let id: ProcessID
    package let node: NodeID
    package let endpoint: Endpoint
    package let operatingSystemID: Int32
    /// Of a worker: the job that it was started for.
    package let job: ProcessID?
    /// Why it is dead; `nil` while it lives.
    package internal(set) var deathCause: DeathCause?

    package init(
        id: ProcessID,
        node: NodeID,
        endpoint: Endpoint,
        operatingSystemID: Int32,
        job: ProcessID? = nil
    ) {
        self.id = id
        self.node = node
        self.endpoint = endpoint
        self.operatingSystemID = operatingSystemID
        self.job = job
    }
}
