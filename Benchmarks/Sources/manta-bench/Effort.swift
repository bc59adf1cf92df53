/// How much is done in each round.
enum Effort: String, CaseIterable {
    /// About a second for a figure and round.
    case full
    /// Enough to see that everything works.
    case quick

    var latencyCount: Int { self == .full ? 20_000 : 2_000 }
    var largeLatencyCount: Int { self == .full ? 4_000 : 400 }
    var floodCount: Int { self == .full ? 256_000 : 32_000 }
    var sharedSpawnCount: Int { self == .full ? 2_048 : 256 }
    var threadSpawnCount: Int { self == .full ? 128 : 16 }
    var processSpawnCount: Int { self == .full ? 16 : 4 }
    var residentActorCount: Int { self == .full ? 10_000 : 1_000 }
    var nameCount: Int { self == .full ? 2_048 : 256 }
    var restartCount: Int { self == .full ? 16 : 4 }
    var crowdCount: Int { self == .full ? 100_000 : 5_000 }
    var smallPutCount: Int { self == .full ? 100_000 : 10_000 }
    var smallReadCount: Int { self == .full ? 10_000 : 1_000 }
    var passCount: Int { self == .full ? 2_000 : 400 }
    var largePutCount: Int { self == .full ? 20 : 3 }
    var largePassCount: Int { self == .full ? 20 : 3 }
    var largePullCount: Int { self == .full ? 10 : 3 }
    var idleTime: Duration { .seconds(self == .full ? 3 : 1) }
}
