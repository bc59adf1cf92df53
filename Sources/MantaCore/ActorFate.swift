/// What the directory knows of an actor.
package enum ActorFate: Hashable, Sendable, Codable {
    /// It has been accepted, and has no place yet.
    case pending
    case alive(ActorLocation)
    /// An incarnation ended for this cause, and another one is to come.
    case restarting(DeathCause)
    case dead(DeathCause)
    /// Never registered, or forgotten.
    case unknown
}
