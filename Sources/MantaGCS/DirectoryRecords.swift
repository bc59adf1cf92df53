package import MantaCore

/// What the directory knows of an actor: `pending → alive → dead`.
///
/// A pending one waits for a place while `node` is `nil`, and is being built on `node` after that.
package struct ActorRecord: Hashable, Sendable {
    package enum State: Hashable, Sendable {
        case pending
        case alive
        case dead(DeathCause)
    }

    /// Without its arguments once it is dead.
    package internal(set) var spec: ActorSpec
    package internal(set) var state = State.pending
    /// Where its resources are reserved, or were until it died.
    package internal(set) var node: NodeID?
    /// Where calls to it go; `nil` unless it is alive.
    package internal(set) var location: ActorLocation?
    /// The operating system's number of its process, also after its death.
    package internal(set) var operatingSystemID: Int32?

    init(spec: ActorSpec) { self.spec = spec }

    package var id: ActorID { spec.id }

    package var deathCause: DeathCause? {
        if case .dead(let cause) = state { cause } else { nil }
    }

    package var info: ActorInfo {
        let listedState: ActorInfo.State =
            switch state {
            case .pending: .pending
            case .alive: .alive
            case .dead: .dead
            }
        return ActorInfo(
            id: spec.id,
            name: spec.options.name,
            namespace: spec.options.namespace ?? "default",
            typeName: spec.typeName,
            state: listedState,
            node: node,
            processID: operatingSystemID,
            epoch: spec.epoch,
            restarts: 0,
            options: spec.options,
            deathCause: deathCause
        )
    }
}

/// What the directory knows of one incarnation of a process: `alive → dead`.
package struct ProcessRecord: Hashable, Sendable, Codable {
    package let id: ProcessID
    package let node: NodeID
    package let endpoint: Endpoint
    package let operatingSystemID: Int32
    /// Why it is dead; `nil` while it lives.
    package internal(set) var deathCause: DeathCause?

    package init(id: ProcessID, node: NodeID, endpoint: Endpoint, operatingSystemID: Int32) {
        self.id = id
        self.node = node
        self.endpoint = endpoint
        self.operatingSystemID = operatingSystemID
    }
}
