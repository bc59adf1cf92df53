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
        case unauthenticated
        /// What was asked cannot be done as written: the message says what to write instead.
        case invalidArgument
        /// The directory never knew this identifier, or has forgotten it.
        case noSuchActor
        case wrongType
        case nameTaken
        case actorDied(DeathCause)
        case workerDied(DeathCause)
        case nodeDied
        /// No node could ever hold the request.
        case infeasible
        case placementTimedOut
        case timedOut
        case cancelled
        case overloaded
        case deadlock
        /// The callee's program has no such method.
        case noSuchMethod
        /// The bytes could not be decoded as the type that the other side asked for.
        case undecodable
        case objectLost
        case ownerDied
        case storeFull
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
