import MantaCore
import MantaGCS

/// What is promised, compared with what happens: the plainest account of it, kept apart from the values under test.
struct Audit {
    private struct Actor {
        var epoch: UInt32 = 1
        var isDead = false
        var isSettled = false
        /// Somebody has asked for its end, so that its policy says nothing of it.
        var isAskedToEnd = false
        /// When it was restarted.
        var restarts: [Moment] = []
        var hasLived = false
    }

    private struct Incarnation {
        let key: ActorKey
        let node: NodeID
        let address: RayletAddress
    }

    /// The first promise that was broken.
    private(set) var violation: String?
    private var actors: [ActorID: Actor] = [:]
    private var holders: [QualifiedName: ActorID] = [:]
    private var running: [ActorID: [Incarnation]] = [:]
    private var acknowledgedEnds: Set<ActorKey> = []

    mutating func violate(_ text: String) {
        if violation == nil { violation = text }
    }

    // MARK: The directory

    /// A spawn was accepted.
    mutating func accepted(_ record: ActorRecord) {
        actors[record.id] = Actor()
        guard let name = record.spec.options.qualifiedName else { return }
        if let holder = holders[name], actors[holder]?.isDead == false {
            violate("\(record.id) has the name \(name) of \(holder), which lives")
        }
        holders[name] = record.id
    }

    mutating func nameTaken(_ name: QualifiedName) {
        guard let holder = holders[name], actors[holder]?.isDead == false else {
            return violate("the name \(name) is taken although nobody has it")
        }
    }

    mutating func noSuchName(_ name: QualifiedName) {
        if let holder = holders[name], actors[holder]?.isDead == false {
            violate("the name \(name) is not found although \(holder) has it")
        }
    }

    mutating func settled(_ id: ActorID) {
        if actors[id]?.isSettled == true { violate("the spawn of \(id) settles twice") }
        actors[id]?.isSettled = true
    }

    /// The head has crashed: nobody waits for how a spawn ends, and only what was accepted is there again.
    mutating func headStarts(_ records: [ActorRecord]) {
        let restored = Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0) })
        for (id, actor) in actors {
            // One that is pending is about to be given up.
            if case .pending = restored[id]?.state {} else { actors[id]?.isSettled = true }
            guard let record = restored[id] else {
                if !actor.isDead { violate("\(id) is lost with the head") }
                continue
            }
            if actor.isDead != (record.deathCause != nil) {
                violate(
                    "\(id) is \(record.state) after a restart of the head, and was \(actor.isDead ? "" : "not ")dead"
                )
            }
            if actor.epoch != record.spec.epoch {
                violate(
                    "\(id) has epoch \(record.spec.epoch) after a restart of the head, and had \(actor.epoch)"
                )
            }
        }
        for record in records where actors[record.id] == nil {
            violate("\(record.id) is there after a restart of the head, and was never accepted")
        }
    }

    mutating func asksToEnd(_ id: ActorID) { actors[id]?.isAskedToEnd = true }

    /// An actor's record has changed.
    mutating func changed(_ record: ActorRecord, now: Moment) -> (restarts: Int, isDeath: Bool) {
        guard var actor = actors[record.id] else {
            violate("\(record.id) has changed, which was never accepted")
            return (0, false)
        }
        if actor.isDead {
            if record.deathCause == nil { violate("\(record.id) is \(record.state) after its death") }
            return (0, false)
        }
        if record.spec.epoch < actor.epoch { violate("the epoch of \(record.id) falls") }
        let restarts = Int(record.spec.epoch) - Int(actor.epoch)
        for _ in 0..<max(0, restarts) { actor.restarts.append(now) }
        actor.epoch = record.spec.epoch
        if case .alive = record.state {
            actor.hasLived = true
            if record.location?.epoch != record.spec.epoch {
                violate("\(record.id) is accepted with epoch \(record.location?.epoch ?? 0)")
            }
        }
        if restarts > 0, !actor.hasLived { violate("\(record.id) is restarted, and was never alive") }
        checkBudget(record, actor, now: now)
        if let cause = record.deathCause {
            actor.isDead = true
            if record.stopping != nil || cause == .jobEnded { actor.isAskedToEnd = true }
            if actor.hasLived, !actor.isAskedToEnd { checkGivenUp(record, actor, cause, now: now) }
            if let name = record.spec.options.qualifiedName, holders[name] == record.id {
                holders[name] = nil
            }
        }
        actors[record.id] = actor
        return (max(0, restarts), actor.isDead)
    }

    private mutating func checkBudget(_ record: ActorRecord, _ actor: Actor, now: Moment) {
        switch record.spec.options.restarts {
        case .never: if !actor.restarts.isEmpty { violate("\(record.id) is restarted, and never should be") }
        case .upTo(let count, let window):
            let recent = actor.restarts.count { now.since($0) < window }
            if recent > count { violate("\(record.id) is restarted \(recent) times within \(window)") }
        case .always: break
        }
    }

    /// Nobody asked for this end: its policy has to.
    private mutating func checkGivenUp(
        _ record: ActorRecord,
        _ actor: Actor,
        _ cause: DeathCause,
        now: Moment
    ) {
        switch record.spec.options.restarts {
        case .never: break
        case .upTo(let count, let window):
            let recent = actor.restarts.count { now.since($0) < window }
            if recent < count {
                violate("\(record.id) is dead (\(cause)) after \(recent) of \(count) restarts in \(window)")
            }
        case .always: violate("\(record.id) is dead (\(cause)), and should always be restarted")
        }
    }

    // MARK: Incarnations

    mutating func begins(
        _ key: ActorKey,
        on node: NodeID,
        at address: RayletAddress,
        isMember: (NodeID) -> Bool
    ) {
        for other in running[key.id] ?? [] {
            if other.address.slot == address.slot {
                violate("\(key) runs beside epoch \(other.key.epoch) on \(node)")
            } else if isMember(other.node), isMember(node) {
                violate("\(key) runs on \(node) and epoch \(other.key.epoch) on \(other.node), both members")
            }
        }
        if acknowledgedEnds.contains(key) { violate("\(key) runs after its end was acknowledged") }
        running[key.id, default: []].append(Incarnation(key: key, node: node, address: address))
    }

    mutating func ends(_ key: ActorKey, at address: RayletAddress) {
        running[key.id]?.removeAll { $0.key == key && $0.address == address }
        if running[key.id]?.isEmpty == true { running[key.id] = nil }
    }

    /// A machine has ended all its workers.
    mutating func machineStopped(_ slot: Int) {
        for id in Array(running.keys) {
            running[id]?.removeAll { $0.address.slot == slot }
            if running[id]?.isEmpty == true { running[id] = nil }
        }
    }

    /// A raylet tells the GCS that an incarnation is gone.
    mutating func acknowledged(_ key: ActorKey, at address: RayletAddress) {
        acknowledgedEnds.insert(key)
        if running[key.id]?.contains(where: { $0.key == key && $0.address == address }) == true {
            violate("the end of \(key) is acknowledged, and it still runs")
        }
    }

    /// A `kill` has returned.
    mutating func killed(_ key: ActorKey, isMember: (NodeID) -> Bool) {
        for other in running[key.id] ?? [] where other.key.epoch <= key.epoch && isMember(other.node) {
            violate("a kill of \(key) has returned, and epoch \(other.key.epoch) runs on \(other.node)")
        }
    }

    /// A raylet registers: what runs there was begun under the name that it gives.
    mutating func registers(_ node: NodeID, at address: RayletAddress) {
        for incarnations in running.values {
            for other in incarnations where other.address == address && other.node != node {
                violate("\(other.key) of \(other.node), which was fenced, runs on under \(node)")
            }
        }
    }

    func runs(_ key: ActorKey, on node: NodeID) -> Bool {
        running[key.id]?.contains { $0.key == key && $0.node == node } ?? false
    }

    /// All that runs, by number.
    var allRunning: [(key: ActorKey, node: NodeID)] {
        running.values.joined().map { ($0.key, $0.node) }
            .sorted { ($0.key.id.serial, $0.key.epoch) < ($1.key.id.serial, $1.key.epoch) }
    }

    // MARK: Watchers

    /// All that one watcher was told of an actor, in the order in which it was.
    mutating func watched(_ events: [LifecycleEvent]) {
        var epoch: UInt32 = 0
        for (index, event) in events.enumerated() {
            switch event {
            case .alive(let next):
                if next <= epoch { violate("a watcher is told of epoch \(next) after \(epoch)") }
                epoch = next
            case .restarting: break
            case .terminated:
                if index != events.count - 1 { violate("a watcher is told more after terminated: \(events)") }
            }
        }
    }

    // MARK: The end

    /// The actors of which the spawn has not settled, or that are not dead.
    func unfinished(_ isFinished: (_ isSettled: Bool, _ isDead: Bool) -> Bool) -> [ActorID] {
        actors.filter { !isFinished($0.value.isSettled, $0.value.isDead) }.keys
            .sorted { $0.serial < $1.serial }
    }
}
