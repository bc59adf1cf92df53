package import MantaCore

/// How often an actor has been restarted, and whether it may be again.
///
/// Pure: the time and the randomness are passed in.
package struct RestartBudget: Hashable, Sendable {
    /// When restarts were granted, the newest last; only those that a policy still counts.
    var grants: [Moment] = []
    /// Incarnations in a row that did not live long.
    var failureCount = 0
    var lastDelay = Duration.zero

    package static let firstDelay = Duration.milliseconds(100)
    package static let longestDelay = Duration.seconds(10)
    /// An incarnation that took calls for this long, and for as long as it was waited for, was no failure.
    package static let healthyLife = Duration.seconds(2)

    package init() {}

    package enum Decision: Hashable, Sendable {
        case restart(after: Duration)
        /// The policy allows no more.
        case giveUp
    }

    /// Decides what follows the end of an incarnation, and counts the restart.
    ///
    /// - Parameters:
    ///   - policy: The actor's.
    ///   - now: When the incarnation ended.
    ///   - aliveSince: When it began to take calls; `nil` when it never did.
    ///   - random: Spreads the delays of actors that died together.
    /// - Returns: At once after a life of some length, then with growing delays.
    package mutating func decide(
        _ policy: RestartPolicy,
        at now: Moment,
        aliveSince: Moment?,
        random: inout some RandomNumberGenerator
    ) -> Decision {
        switch policy {
        case .never: return .giveUp
        case .always: break
        case .upTo(let count, let window):
            grants.removeAll { now.since($0) >= window }
            guard grants.count < count else { return .giveUp }
            grants.append(now)
        }
        if let aliveSince, now.since(aliveSince) >= max(Self.healthyLife, lastDelay) {
            failureCount = 0
        }
        defer { failureCount += 1 }
        guard failureCount > 0 else {
            lastDelay = .zero
            return .restart(after: .zero)
        }
        let doubled = Self.firstDelay * (1 << min(failureCount - 1, 20))
        lastDelay = min(doubled, Self.longestDelay) * Double.random(in: 0.5...1.5, using: &random)
        return .restart(after: lastDelay)
    }
}
