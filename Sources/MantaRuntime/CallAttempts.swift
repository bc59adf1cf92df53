package import MantaCore

/// How often a call has been sent, and whether it may be sent again.
///
/// Pure state. What has run, or may have, is sent again only to the incarnation that can tell (it keeps replies)
/// unless its caller allows more. What certainly has not run may follow its actor wherever that goes.
package struct CallAttempts {
    /// How often a call that found its actor gone looks for it again.
    private static let lookupLimit = 3

    private var retriesLeft: Int
    private let retryUnknown: Bool
    private var lookupCount = 1
    /// Where an attempt may have run, and how it ended. The first one counts.
    private var unknown: UnknownAttempt?

    /// An object, because every call has attempts, and next to none has this.
    private final class UnknownAttempt: Sendable {
        let error: ClusterError
        let location: ActorLocation

        init(_ error: ClusterError, at location: ActorLocation) {
            self.error = error
            self.location = location
        }

        /// The error when the call may not go to another incarnation; retries alone are no remedy.
        var refusal: ClusterError {
            var error = error
            error.hint =
                "withCallOptions(retries:, retryUnknown: true) sends also calls again that may have run, "
                + "for methods that may run twice"
            return error
        }
    }

    package init(retries: Int, retryUnknown: Bool) {
        retriesLeft = retries
        self.retryUnknown = retryUnknown
    }

    /// The link of an attempt was lost.
    ///
    /// - Parameters:
    ///   - error: What its caller is told if this is the end.
    ///   - wasSent: Whether the attempt may have run.
    ///   - location: Where it went.
    ///   - fate: What the directory says of the actor since; `nil` when it says nothing.
    /// - Returns: The error; `nil` when the call is to be sent again.
    package mutating func lost(
        _ error: ClusterError,
        wasSent: Bool,
        at location: ActorLocation,
        fate: ActorFate?
    ) -> ClusterError? {
        if wasSent, unknown == nil { unknown = UnknownAttempt(error, at: location) }
        switch fate {
        case .dead, .unknown, .pending: return final(error)
        case .alive(let now) where Self.isSame(now, location): break
        case nil: break
        case .alive, .restarting:
            guard let unknown else { return again() || retry() ? nil : final(error) }
            guard retryUnknown else { return unknown.refusal }
        }
        return retry() ? nil : final(error)
    }

    /// No link could be made to where the directory says that the actor is.
    package mutating func unreachable(_ error: ClusterError) -> ClusterError? { retry() ? nil : final(error) }

    /// The actor was not where the call went, so this attempt has not run. `nil` when it is to be looked for.
    package mutating func notThere(_ error: ClusterError) -> ClusterError? { again() ? nil : final(error) }

    /// Whether an attempt may have run.
    package var mayHaveRun: Bool { unknown != nil }

    /// Why the call may not go to `location`; `nil` when it may.
    package func refusal(at location: ActorLocation) -> ClusterError? {
        guard let unknown, !retryUnknown, !Self.isSame(location, unknown.location) else { return nil }
        return unknown.refusal
    }

    /// The error with the outcome of the call as a whole.
    package func final(_ error: ClusterError) -> ClusterError {
        var error = error
        if unknown != nil, error.outcome == .notExecuted { error.outcome = .mayHaveExecuted }
        return error
    }

    private mutating func retry() -> Bool {
        guard retriesLeft > 0 else { return false }
        retriesLeft -= 1
        return true
    }

    private mutating func again() -> Bool {
        guard lookupCount < Self.lookupLimit else { return false }
        lookupCount += 1
        return true
    }

    private static func isSame(_ left: ActorLocation, _ right: ActorLocation) -> Bool {
        left.process == right.process && left.epoch == right.epoch
    }
}
