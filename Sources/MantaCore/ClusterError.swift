/// An error of the cluster: of a call, a spawn, or the connection itself.
///
/// What a method of yours throws arrives as itself when it is `Error & Codable`; everything else is this.
public struct ClusterError: Error, Hashable, Sendable, Codable {
    /// What went wrong, for a program to switch on.
    public var code: Code
    /// What happened, with the values that matter.
    public var message: String
    /// What the reader can do about it, when we know.
    public var hint: String?
    /// For a call: whether the method ran. `nil` for what is not a call.
    public var outcome: Outcome?
    /// Of a link that could not be made: whether those asked for it have said themselves that nobody is there. Any other
    /// failure may be this side's own. First-hand or nothing: it is not encoded.
    package var isRefusal = false

    private enum CodingKeys: String, CodingKey { case code, message, hint, outcome }

    package init(_ code: Code, _ message: String, hint: String? = nil, outcome: Outcome? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.outcome = outcome
    }

    /// Whether a failed call ran.
    public enum Outcome: String, Hashable, Sendable, Codable {
        /// The method certainly did not start, and will not.
        case notExecuted
        /// The method may have run, in part or whole, or may be running.
        case mayHaveExecuted
        /// The method ran to its end.
        case executed
    }
}

extension ClusterError {
    /// The kinds of failure, each one that some caller acts on.
    public enum Code: Hashable, Sendable, Codable {
        /// The system is shut down, or a process could not be reached.
        case notConnected
        /// The peer does not know the cluster's secret.
        case unauthenticated
        /// What was asked cannot be done as written: the message says what to write instead.
        case invalidArgument
        /// The directory never knew this identifier, or has forgotten it.
        case noSuchActor
        /// The actor, or the actor of the name, is of another type than the one asked for.
        case wrongType
        /// An actor that is not dead has the name.
        case nameTaken
        /// The actor is dead, for good.
        case actorDied(DeathCause)
        /// The actor's worker process ended; the actor may be restarted.
        case workerDied(DeathCause)
        /// The actor's node was lost while it created the actor.
        case nodeDied
        /// No node could ever hold the request.
        case infeasible
        /// Others held the resources for longer than `placementTimeout`.
        case placementTimedOut
        /// It did not end by its deadline.
        case timedOut
        /// It was cancelled before it began.
        case cancelled
        /// A bound is reached, of calls, actors, threads or processes: what was asked is refused, and may be tried later.
        case overloaded
        /// Actors that limit their concurrency waited for each other in a circle: this call was taken out of it.
        case deadlock
        /// The callee's program has no such method.
        case noSuchMethod
        /// The bytes could not be decoded as the type that the other side asked for.
        case undecodable
        /// No copy of the object is left.
        case objectLost
        /// Whose end is to end the actor has ended already.
        case ownerDied
        /// The node's object store has no room.
        case storeFull
        /// The disk has no room for what is spilled.
        case outOfDisk
        /// The two sides speak different versions.
        case incompatible
        /// The method threw an error that is not `Codable`; the message has its type and description.
        case remote
    }
}

extension ClusterError: CustomStringConvertible {
    /// `timedOut: … (may have run). Hint: …`
    public var description: String {
        var text = "\(code.name): \(message)"
        switch outcome {
        case .notExecuted: text += " (the method did not run)"
        case .mayHaveExecuted: text += " (the method may have run)"
        case .executed: text += " (the method ran)"
        case nil: break
        }
        if let hint { text += ". Hint: \(hint)" }
        return text
    }
}

extension ClusterError.Code {
    /// Without the cause, so that it can label a metric.
    package var name: String {
        switch self {
        case .notConnected: "notConnected"
        case .unauthenticated: "unauthenticated"
        case .invalidArgument: "invalidArgument"
        case .noSuchActor: "noSuchActor"
        case .wrongType: "wrongType"
        case .nameTaken: "nameTaken"
        case .actorDied: "actorDied"
        case .workerDied: "workerDied"
        case .nodeDied: "nodeDied"
        case .infeasible: "infeasible"
        case .placementTimedOut: "placementTimedOut"
        case .timedOut: "timedOut"
        case .cancelled: "cancelled"
        case .overloaded: "overloaded"
        case .deadlock: "deadlock"
        case .noSuchMethod: "noSuchMethod"
        case .undecodable: "undecodable"
        case .objectLost: "objectLost"
        case .ownerDied: "ownerDied"
        case .storeFull: "storeFull"
        case .outOfDisk: "outOfDisk"
        case .incompatible: "incompatible"
        case .remote: "remote"
        }
    }
}
