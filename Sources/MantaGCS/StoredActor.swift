import MantaCore

/// What is stored of an actor: an array in the order of the fields. Times are of the calendar, in nanoseconds.
///
/// A field that is new goes to the end, where earlier versions did not write it. No keys, because there may be a hundred
/// thousand of these, to be read before the cluster goes on.
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
    var request: UInt64
    var moving: DeathCause?

    init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        let id = try fields.decode(ActorID.self)
        let epoch = try fields.decode(UInt32.self)
        let mangledTypeName = try fields.decode(String.self)
        let typeName = try fields.decode(String.self)
        let arguments = try fields.decode([UInt8].self)
        spec = ActorSpec(
            id: id,
            epoch: epoch,
            mangledTypeName: mangledTypeName,
            typeName: typeName,
            arguments: arguments,
            options: try fields.decode(StoredOptions.self).options,
            job: try fields.decode(ProcessID.self)
        )
        state = try fields.decode(State.self)
        cause = try fields.decodeIfPresent(DeathCause.self)
        owner = try fields.decodeIfPresent(ActorOwner.self)
        job = try fields.decodeIfPresent(ProcessID.self)
        node = try fields.decodeIfPresent(NodeID.self)
        location = try fields.decodeIfPresent(StoredLocation.self)?.location(epoch: epoch)
        operatingSystemID = try fields.decodeIfPresent(Int32.self)
        let cause = cause
        events = try fields.decode([UInt32].self).map { LifecycleEvent(stored: $0, cause) }
        forgottenEventCount = try fields.decode(Int.self)
        aliveSince = try fields.decodeIfPresent(Int64.self)
        restartCount = try fields.decode(Int.self)
        budget = try fields.decodeIfPresent(StoredBudget.self)
        stopping = try fields.decodeIfPresent(DeathCause.self)
        stopLimit = try fields.decodeIfPresent(Duration.self)
        deathNumber = try fields.decodeIfPresent(UInt64.self)
        request = try fields.decode(UInt64.self)
        moving = try fields.decodeIfPresent(DeathCause.self)
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.unkeyedContainer()
        try fields.encode(spec.id)
        try fields.encode(spec.epoch)
        try fields.encode(spec.mangledTypeName)
        try fields.encode(spec.typeName)
        try fields.encode(spec.arguments)
        try fields.encode(StoredOptions(spec.options))
        try fields.encode(spec.job)
        try fields.encode(state)
        try fields.write(cause)
        try fields.write(owner)
        try fields.write(job)
        try fields.write(node)
        try fields.write(location.map { StoredLocation($0) })
        try fields.write(operatingSystemID)
        try fields.encode(events.map(\.stored))
        try fields.encode(forgottenEventCount)
        try fields.write(aliveSince)
        try fields.encode(restartCount)
        try fields.write(budget)
        try fields.write(stopping)
        try fields.write(stopLimit)
        try fields.write(deathNumber)
        try fields.encode(request)
        try fields.write(moving)
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
        request = record.request
        moving = record.moving
    }

    /// - Throws: What contradicts itself.
    func record(at clock: ClockReading) throws(ClusterError) -> ActorRecord {
        var record = ActorRecord(spec: spec, owner: owner, job: job, request: request)
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
        record.moving = moving
        return record
    }
}

/// Where an actor is, as it is stored: the epoch is that of the actor.
private struct StoredLocation: Codable {
    var process: ProcessID
    var endpoint: Endpoint
    var lane: UInt8
    var maxPendingCalls: Int

    init(_ location: ActorLocation) {
        process = location.process
        endpoint = location.endpoint
        lane = location.lane
        maxPendingCalls = location.maxPendingCalls
    }

    init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        process = try fields.decode(ProcessID.self)
        endpoint = try fields.decode(Endpoint.self)
        lane = try fields.decode(UInt8.self)
        maxPendingCalls = try fields.decode(Int.self)
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.unkeyedContainer()
        try fields.encode(process)
        try fields.encode(endpoint)
        try fields.encode(lane)
        try fields.encode(maxPendingCalls)
    }

    func location(epoch: UInt32) -> ActorLocation {
        ActorLocation(
            process: process,
            endpoint: endpoint,
            lane: lane,
            epoch: epoch,
            maxPendingCalls: maxPendingCalls
        )
    }
}

extension LifecycleEvent {
    private static let storedEnd = UInt32.max

    /// The epoch of one that is alive, which is no zero. The cause of an end is that of the actor's death.
    fileprivate var stored: UInt32 {
        switch self {
        case .alive(let epoch): epoch
        case .restarting: 0
        case .terminated: Self.storedEnd
        }
    }

    fileprivate init(stored: UInt32, _ cause: DeathCause?) {
        switch stored {
        case 0: self = .restarting
        case Self.storedEnd: self = .terminated(cause ?? .released)
        default: self = .alive(epoch: stored)
        }
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
