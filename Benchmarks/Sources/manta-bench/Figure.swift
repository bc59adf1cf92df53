/// Everything that is measured. The raw value is the row's name, which stays the same from release to
/// release.
enum Figure: String, CaseIterable {
    // Calls
    case floorP50 = "floor ping-pong p50"
    case floorP99 = "floor ping-pong p99"
    case floor1KiB = "floor ping-pong 1 KiB p50"
    case floor64KiB = "floor ping-pong 64 KiB p50"
    case localP50 = "local call p50"
    case remoteP50 = "remote call p50"
    case remoteP99 = "remote call p99"
    case poolP50 = "remote call from the pool p50"
    case remote1KiB = "remote call 1 KiB p50"
    case remote64KiB = "remote call 64 KiB p50"
    case inFlight64 = "remote calls, 64 in flight"
    case inFlight1000 = "remote calls, 1000 in flight"
    case poolInFlight64 = "remote calls from the pool, 64 in flight"
    case processorTime = "processor time per call, 1000 in flight"
    case standardP50 = "remote call p50, standard dispatch"
    case standardInFlight64 = "remote calls, 64 in flight, standard dispatch"

    // Actors
    case spawnShared = "spawn .shared one at a time"
    case spawnSharedAtOnce = "spawn .shared 64 at once"
    case spawnThread = "spawn .thread"
    case spawnProcess = "spawn .process"

    // Directory
    case spawnFirstReply = "spawn to first reply p50"
    case getOrSpawnNew = "getOrSpawn of new names, 64 at once"
    case findFirst = "find from a worker, first, p50"
    case findFirstRate = "find from a worker, first"
    case findAgain = "find from a worker, again, p50"
    case findAgainRate = "find from a worker, again"
    case restartShared = "restart .shared, kill to reply"
    case restartProcess = "restart .process, kill to reply"
    case crowdSpawn = "100,000 actors: spawn time"
    case crowdMemory = "100,000 actors: memory per actor"
    case crowdCalls = "100,000 actors: calls to random ones"

    // Cluster
    case coldStart = "cold start"
    case idleMemory = "idle memory"
    case idleProcessor = "idle processor"
    case actorMemory = "memory per actor"

    var unit: String {
        switch self {
        case .localP50, .findAgain: "ns"
        case .floorP50, .floorP99, .floor1KiB, .floor64KiB, .remoteP50, .remoteP99, .poolP50, .remote1KiB,
            .remote64KiB,
            .processorTime, .standardP50, .spawnFirstReply, .findFirst:
            "us"
        case .inFlight64, .inFlight1000, .poolInFlight64, .standardInFlight64, .crowdCalls: "calls/s"
        case .findFirstRate, .findAgainRate: "finds/s"
        case .crowdSpawn: "s"
        case .spawnShared, .spawnSharedAtOnce, .spawnThread, .spawnProcess, .getOrSpawnNew: "actors/s"
        case .coldStart, .restartShared, .restartProcess: "ms"
        case .idleMemory: "MiB"
        case .idleProcessor: "% of a core"
        case .actorMemory, .crowdMemory: "KiB"
        }
    }

    /// What two C processes take for the same exchange.
    var floor: Figure? {
        switch self {
        case .remoteP50, .poolP50, .standardP50: .floorP50
        case .remoteP99: .floorP99
        case .remote1KiB: .floor1KiB
        case .remote64KiB: .floor64KiB
        default: nil
        }
    }

    /// What the row is meant to reach. Nothing checks it: times depend on the machine and on what else runs
    /// there.
    func target(isPinned: Bool) -> String? {
        switch self {
        case .remoteP50 where isPinned: "<= 2 x floor"
        case .inFlight64: ">= 350,000"
        case .standardInFlight64: ">= 200,000"
        case .spawnShared: ">= 5,000"
        case .coldStart: "< 250"
        case .findAgain: "500"
        case .restartShared, .restartProcess: "50"
        default: nil
        }
    }
}
