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

    // Objects
    case putSmall = "put 1 KiB"
    case getSmall = "get local small object p50"
    case getSmallAgain = "get local small object, again, p50"
    case floorCopy = "floor memcpy 100 MiB"
    case putLarge = "put 100 MiB"
    case floorFreshCopy = "floor memcpy 100 MiB, fresh shared memory"
    case putLargeCold = "put 100 MiB, cold store"
    case spanLarge = "withSpan of a local 100 MiB object p50"
    case value64KiB = "64 KiB by value p50"
    case reference64KiB = "64 KiB by reference, put before, p50"
    case floor1MiB = "floor ping-pong 1 MiB p50"
    case value1MiB = "1 MiB by value p50"
    case reference1MiB = "1 MiB by reference, put before, p50"
    case value64KiBInFlight = "64 KiB by value, 8 in flight"
    case value1MiBInFlight = "1 MiB by value, 8 in flight"
    case floorCopyTime = "floor memcpy 100 MiB, time"
    case value100MiB = "100 MiB by value p50"
    case reference100MiB = "100 MiB by reference, put before, p50"
    case ownReference100MiB = "100 MiB put + call + drop p50"
    case floorStream = "floor TCP stream"
    case pullRandom = "pull 1 GiB random"
    case pullZeros = "pull 1 GiB zeros"
    case pullText = "pull 1 GiB text"
    case pullSmaller = "pull 100 MiB random"
    case floorPullProcessorTime = "floor TCP stream, processor time per GB"
    case pullProcessorTime = "processor time per GB pulled"
    case floorPutAndPull = "floor memcpy + TCP stream 100 MiB, time"
    case putAndPull = "put on A + call + pull to B 100 MiB p50"

    // Network
    case floorTCPP50 = "TCP floor ping-pong p50"
    case floorTCPP99 = "TCP floor ping-pong p99"
    case floorTCP1KiB = "TCP floor ping-pong 1 KiB p50"
    case floorTCP64KiB = "TCP floor ping-pong 64 KiB p50"
    case floorTCP1MiB = "TCP floor ping-pong 1 MiB p50"
    case floorTLSP50 = "TLS floor ping-pong p50"
    case floorTLSP99 = "TLS floor ping-pong p99"
    case floorTLS64KiB = "TLS floor ping-pong 64 KiB p50"
    case floorTLS1MiB = "TLS floor ping-pong 1 MiB p50"
    case betweenP50 = "remote call between nodes p50"
    case betweenP99 = "remote call between nodes p99"
    case between1KiB = "remote call between nodes 1 KiB p50"
    case between64KiB = "remote call between nodes 64 KiB p50"
    case between1MiB = "remote call between nodes 1 MiB p50"
    case betweenInFlight64 = "remote calls between nodes, 64 in flight"
    case betweenInFlight1000 = "remote calls between nodes, 1000 in flight"
    case betweenProcessorTime = "processor time per call between nodes, 1000 in flight"
    case spreadSpawn = "spawn over 4 nodes, one at a time"
    case spreadSpawnAtOnce = "spawn over 4 nodes, 64 at once"
    case floorSync = "floor write and fdatasync of 1 KiB"
    case namedSpawn = "named spawn, durable, one at a time"
    case namedSpawnAtOnce = "named spawn, durable, 64 at once"
    case namedSpawnCrowded = "named spawn, durable, 1000 at once"
    case namedCrowdSpawn = "100,000 named actors: spawn time, 64 at once"
    case namedCrowdMemory = "100,000 named actors: memory of the head for each"
    case namedCrowdFind = "100,000 named actors: find from another node, first, p50"
    case namedCrowdFindAgain = "100,000 named actors: find from another node, again, p50"
    case floorTCPStream = "TCP floor stream 1 GiB"
    case floorTLSStream = "TLS floor stream 1 GiB"
    case securePullRandom = "pull 1 GiB random over TLS"
    case securePullZeros = "pull 1 GiB zeros over TLS"
    case securePullText = "pull 1 GiB text over TLS"
    case floorTLSProcessorTime = "TLS floor stream, processor time per GB"
    case securePullProcessorTime = "processor time per GB pulled over TLS"
    case busyP50 = "call between nodes while 1 GiB moves p50"
    case busyP99 = "call between nodes while 1 GiB moves p99"

    // Failover
    case workerKilledCall = "worker killed: call in flight fails"
    case workerKilledKnown = "worker killed: lifecycle tells"
    case workerKilledAnswer = "worker killed: actor answers again"
    case nodeKilledCall = "node killed: call in flight fails"
    case nodeKilledKnown = "node killed: lifecycle tells"
    case nodeKilledAnswer = "node killed: actor answers elsewhere"
    case nodeFrozenCall = "node frozen: call in flight fails"
    case nodeFrozenKnown = "node frozen: lifecycle tells"
    case nodeFrozenAnswer = "node frozen: actor answers elsewhere"
    case nodeThawed = "node goes on: is a member again"
    case headReady = "head killed, 100,000 names: start until it serves"
    case headFind = "head killed, 100,000 names: kill until find answers"
    case headSpawn = "head killed, 100,000 names: kill until a spawn answers"
    case headCallsP99 = "head away: calls between actors p99"
    case headCallsMax = "head away: calls between actors, slowest"

    var unit: String {
        switch self {
        case .localP50, .findAgain, .namedCrowdFindAgain: "ns"
        case .floorP50, .floorP99, .floor1KiB, .floor64KiB, .remoteP50, .remoteP99, .poolP50, .remote1KiB,
            .remote64KiB,
            .processorTime, .standardP50, .spawnFirstReply, .findFirst, .getSmall, .getSmallAgain, .spanLarge,
            .value64KiB, .reference64KiB, .floor1MiB, .value1MiB, .reference1MiB, .reference100MiB,
            .floorTCPP50, .floorTCPP99, .floorTCP1KiB, .floorTCP64KiB, .floorTCP1MiB, .floorTLS1MiB,
            .between1MiB, .floorTLSP50, .floorTLSP99,
            .floorTLS64KiB, .betweenP50,
            .betweenP99, .between1KiB, .between64KiB, .betweenProcessorTime, .namedCrowdFind, .busyP50,
            .busyP99:
            "us"
        case .inFlight64, .inFlight1000, .poolInFlight64, .standardInFlight64, .crowdCalls,
            .value64KiBInFlight, .value1MiBInFlight, .betweenInFlight64, .betweenInFlight1000:
            "calls/s"
        case .findFirstRate, .findAgainRate: "finds/s"
        case .putSmall: "objects/s"
        case .floorCopy, .putLarge, .floorFreshCopy, .putLargeCold, .floorStream, .pullRandom, .pullZeros,
            .pullText, .pullSmaller, .floorTCPStream, .floorTLSStream, .securePullRandom, .securePullZeros,
            .securePullText:
            "GB/s"
        case .crowdSpawn, .floorPullProcessorTime, .pullProcessorTime, .namedCrowdSpawn,
            .floorTLSProcessorTime, .securePullProcessorTime:
            "s"
        case .spawnShared, .spawnSharedAtOnce, .spawnThread, .spawnProcess, .getOrSpawnNew, .spreadSpawn,
            .spreadSpawnAtOnce, .namedSpawn, .namedSpawnAtOnce, .namedSpawnCrowded:
            "actors/s"
        case .floorSync: "commits/s"
        case .coldStart, .restartShared, .restartProcess, .floorCopyTime, .value100MiB,
            .ownReference100MiB, .floorPutAndPull, .putAndPull:
            "ms"
        case .workerKilledCall, .workerKilledKnown, .workerKilledAnswer, .nodeKilledCall, .nodeKilledKnown,
            .nodeKilledAnswer, .nodeFrozenCall, .nodeFrozenKnown, .nodeFrozenAnswer, .nodeThawed, .headReady,
            .headFind,
            .headSpawn, .headCallsMax:
            "ms"
        case .headCallsP99: "us"
        case .idleMemory: "MiB"
        case .idleProcessor: "% of a core"
        case .actorMemory, .crowdMemory, .namedCrowdMemory: "KiB"
        }
    }

    /// What C takes for the same: two processes that exchange as many bytes, or a copy.
    var floor: Figure? {
        switch self {
        case .remoteP50, .poolP50, .standardP50: .floorP50
        case .remoteP99: .floorP99
        case .remote1KiB: .floor1KiB
        case .remote64KiB, .value64KiB: .floor64KiB
        case .reference64KiB, .reference1MiB, .reference100MiB: .floorP50
        case .value1MiB: .floor1MiB
        case .value100MiB, .ownReference100MiB: .floorCopyTime
        case .putLarge: .floorCopy
        case .putLargeCold: .floorFreshCopy
        case .pullRandom, .pullZeros, .pullText, .pullSmaller: .floorStream
        case .pullProcessorTime: .floorPullProcessorTime
        case .putAndPull: .floorPutAndPull
        case .betweenP50, .floorTLSP50: .floorTCPP50
        case .betweenP99, .floorTLSP99, .busyP99: .floorTCPP99
        case .busyP50: .floorTCPP50
        case .between1KiB: .floorTCP1KiB
        case .between64KiB, .floorTLS64KiB: .floorTCP64KiB
        case .between1MiB, .floorTLS1MiB: .floorTCP1MiB
        case .spreadSpawn, .spreadSpawnAtOnce, .namedSpawn, .namedSpawnAtOnce, .namedSpawnCrowded: .floorSync
        case .floorTLSStream, .securePullRandom, .securePullZeros, .securePullText: .floorTCPStream
        case .securePullProcessorTime: .floorTLSProcessorTime
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
        case .putSmall: ">= 200,000"
        case .getSmall: "< 3"
        case .putLarge, .pullRandom: ">= 0.7 x floor"
        case .betweenP50, .between1KiB, .between64KiB: "<= 1.5 x floor"
        case .namedSpawnCrowded: ">= 20,000"
        case .namedCrowdMemory: "1"
        case .securePullRandom: ">= 0.4 x floor"
        case .workerKilledCall: "3"
        case .workerKilledAnswer: "50"
        case .nodeKilledCall, .nodeKilledKnown: "200"
        case .nodeKilledAnswer: "500"
        case .nodeFrozenCall, .nodeFrozenKnown: "3,000"
        case .nodeFrozenAnswer: "3,500"
        case .headReady: "2,000"
        default: nil
        }
    }
}
