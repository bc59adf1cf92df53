import MantaCore

/// What is stored of an actor. Times are of the calendar, in nanoseconds.
///
/// The keys are short, because there is one of these for each of many actors.
struct StoredActor: Codable, Sendable {
    enum State: UInt8, Codable { case pending, alive, restarting, dead }

    var spec: ActorSpec
    var state: State
    /// Of a restarting or dead one.
    var cause: DeathCause?
    var owner: ActorOwner?
    var job: ProcessID?
    var node: NodeID?
    var location: ActorLocation?
    var operatingSystemID: Int32?
    var events: [LifecycleEvent]
    var forgottenEventCount: Int
    var aliveSince: Int64?
    var restartCount: Int
    var budget: StoredBudget?
    var stopping: DeathCause?
    var stopLimit: Duration?
    var deathNumber: UInt64?

    private enum CodingKeys: String, CodingKey {
        case spec = "s"
        case state = "t"
        case cause = "c"
        case owner = "o"
        case job = "j"
        case node = "n"
        case location = "l"
        case operatingSystemID = "p"
        case events = "e"
        case forgottenEventCount = "f"
        case aliveSince = "a"
        case restartCount = "r"
        case budget = "b"
        case stopping = "x"
        case stopLimit = "y"
        case deathNumber = "d"
    }

    init(_ record: ActorRecord, at clock: ClockReading) {
        spec = record.spec
        (state, cause) =
            switch record.state {
            case .pending: (.pending, nil)
            case .alive: (.alive, nil)
            case .restarting(let cause): (.restarting, cause)
            case .dead(let cause): (.dead, cause)
            }
        owner = record.owner
        job = record.job
        node = record.node
        location = record.location
        operatingSystemID = record.operatingSystemID
        events = record.lifecycle.events
        forgottenEventCount = record.lifecycle.forgottenCount
        aliveSince = record.aliveSince.map { clock.calendar(of: $0) }
        restartCount = record.restartCount
        budget = record.budget.stored(at: clock)
        stopping = record.stopping
        stopLimit = record.stopLimit
        deathNumber = record.deathNumber
    }

    /// - Throws: What contradicts itself.
    func record(at clock: ClockReading) throws(ClusterError) -> ActorRecord {
        var record = ActorRecord(spec: spec, owner: owner, job: job)
        switch (state, cause) {
        case (.pending, nil): record.state = .pending
        case (.alive, nil) where location != nil && node != nil: record.state = .alive
        case (.restarting, let cause?): record.state = .restarting(cause)
        case (.dead, let cause?): record.state = .dead(cause)
        default: throw .contradiction("\(spec.id) is \(state) without what belongs to that")
        }
        record.node = node
        record.location = location
        record.operatingSystemID = operatingSystemID
        record.lifecycle = LifecycleLog(events, forgottenCount: forgottenEventCount)
        record.aliveSince = aliveSince.map { clock.moment(of: $0) }
        record.restartCount = restartCount
        if let budget { record.budget = RestartBudget(budget, policy: spec.options.restarts, at: clock) }
        record.stopping = stopping
        record.stopLimit = stopLimit
        record.deathNumber = deathNumber
        return record
    }
}

extension ClusterError {
    /// What was read from a storage is no directory that was ever committed.
    static func contradiction(_ what: String) -> ClusterError {
        ClusterError(
            .undecodable,
            "the stored directory contradicts itself: \(what)",
            hint: "restore it from a backup, or remove it to begin with an empty one"
        )
    }
}
