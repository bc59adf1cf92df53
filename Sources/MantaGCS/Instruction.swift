package import MantaCore
package import MantaRuntime

/// What the control plane has a raylet do.
///
/// Each names an incarnation and may arrive more than once, because it is sent again until it is answered: a
/// raylet does it once and gives every copy the same answer.
package enum Instruction: Hashable, Sendable {
    /// Build the actor. The resources are reserved in the view of the GCS; the raylet has the last word.
    case create(ActorSpec)
    /// End it at once, also while it is being built. Known to the raylet or not, it will never run there after
    /// the answer.
    case end(ActorKey, DeathCause)
    /// Let calls in progress end for at most this long, have it clean up, then end it.
    case stop(ActorKey, DeathCause, within: Duration)

    package var key: ActorKey {
        switch self {
        case .create(let spec): spec.key
        case .end(let key, _), .stop(let key, _, within: _): key
        }
    }
}

/// How a raylet's attempt to build an actor ended.
package enum CreationAnswer: Sendable, Codable {
    case created(ActorLocation, operatingSystemID: Int32)
    /// The initialiser threw.
    case initFailed(RemoteFailure)
    /// The worker that built it ended, or it was ended before it was ready.
    case ended(DeathCause)
    /// It was not begun.
    case refused(ClusterError)
}

/// How a spawn ended, for all that wait for it.
package enum SpawnEnd: Sendable {
    case created(ActorLocation)
    case initFailed(RemoteFailure)
    case failed(ClusterError)
    /// Whoever asked for it gave it up.
    case cancelled
}
