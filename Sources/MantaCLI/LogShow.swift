internal import MantaCore

/// The logs that are shown, and what is added to them.
struct LogShow {
    private static let pause = Duration.milliseconds(250)
    /// After how many pauses an actor is looked for.
    private static let pausesPerLook = 8

    /// How many of the last lines are shown; `nil` for all.
    let lineCount: Int?
    private var views: [LogView]
    private let hasTitles: Bool

    init(_ views: [LogView], lineCount: Int?) {
        self.views = views
        self.lineCount = lineCount
        hasTitles = views.count > 1
    }

    /// Shows what there is.
    mutating func begin() async throws {
        for index in views.indices { try await views[index].begin(lineCount: lineCount) }
        try await showMore()
    }

    private mutating func showMore() async throws {
        for index in views.indices { try await views[index].showMore(hasTitle: hasTitles) }
    }

    /// Goes on for good.
    mutating func follow() async throws {
        while true {
            try await Task.sleep(for: Self.pause)
            try await showMore()
        }
    }

    /// Goes on from worker to worker, up to the actor's end.
    mutating func follow(_ trail: ActorTrail) async throws {
        var trail = trail
        while true {
            var failure: (any Error)?
            for _ in 0..<Self.pausesPerLook where failure == nil {
                // The log of a worker may be lost with its node.
                do { try await showMore() } catch { failure = error }
                try await Task.sleep(for: Self.pause)
            }
            switch try await trail.look() {
            case .stays:
                if let failure { throw failure }
                // It has printed nothing so far.
                if views.isEmpty { try await show(trail.actor, trail) }
            case .waits: break
            case .moved(let actor): try await move(to: actor, &trail)
            case .ended(let cause):
                try? await showMore()
                return Console.note("manta: \(cause)")
            }
        }
    }

    private mutating func move(to actor: ActorInfo, _ trail: inout ActorTrail) async throws {
        try? await showMore()
        let place = actor.processID.map { "worker \($0)" } ?? "another worker"
        Console.note("manta: \(actor.id) goes on in \(place)" + (actor.node.map { " on \($0)" } ?? ""))
        trail.follow(to: actor)
        views = []
        try await show(actor, trail)
    }

    /// Goes on with the log of the actor's worker, once there is one: a worker's begins with what it prints first.
    private mutating func show(_ actor: ActorInfo, _ trail: ActorTrail) async throws {
        views = try await LogChoice.worker(of: actor, trail.observer)?.views() ?? []
        try await begin()
    }
}
