import MantaCore

/// What the last requests for actors came to: a caller that has lost its link, or whose head has ended meanwhile, asks again.
struct RecentRequests: Sendable {
    static let limit = 10_000

    private var actors: [UInt64: ActorID] = [:]
    private var order = Directory.History<UInt64>(limit: limit)

    subscript(number: UInt64) -> ActorID? { actors[number] }

    /// Forgets the oldest for it. A request without a number is not asked again.
    mutating func insert(_ number: UInt64, _ actor: ActorID) {
        guard number != 0 else { return }
        actors[number] = actor
        if let forgotten = order.append(number) { actors[forgotten] = nil }
    }
}
