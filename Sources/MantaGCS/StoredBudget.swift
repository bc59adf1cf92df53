import MantaCore

/// What is stored of the restarts of an actor that has had any.
struct StoredBudget: Codable, Hashable, Sendable {
    var grants: [Int64]
    var failureCount: Int
    var lastDelay: Duration

    private enum CodingKeys: String, CodingKey {
        case grants = "g"
        case failureCount = "f"
        case lastDelay = "d"
    }
}

extension RestartBudget {
    /// `nil` when there has been no restart.
    func stored(at clock: ClockReading) -> StoredBudget? {
        guard self != RestartBudget() else { return nil }
        return StoredBudget(
            grants: grants.map { clock.calendar(of: $0) },
            failureCount: failureCount,
            lastDelay: lastDelay
        )
    }

    /// Without the restarts that the policy counts no longer.
    init(_ stored: StoredBudget, policy: RestartPolicy, at clock: ClockReading) {
        self.init()
        if case .upTo(_, within: let window) = policy {
            grants = stored.grants.filter { .nanoseconds(clock.age(of: $0)) < window }
                .map { clock.moment(of: $0) }
        }
        failureCount = stored.failureCount
        lastDelay = stored.lastDelay
    }
}
