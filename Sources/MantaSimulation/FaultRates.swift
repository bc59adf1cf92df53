import MantaCore

/// How bad the world of one run is. Shares are of a thousand.
struct FaultRates {
    var loss: Int
    var repetition: Int
    /// Messages that are held up long enough for others to overtake them.
    var delay: Int
    var startFailures: Int
    var deathsAtStart: Int
    var initErrors: Int
    var initCrashes: Int
    var slowInits: Int
    /// The mean time between faults of machines and workers.
    var faultInterval: Duration
    var workInterval: Duration
    /// How long faults go on.
    var duration: Duration

    init(random: inout SplitMix64, nodeCount: Int) {
        // Some runs have a good network, so that other faults are seen for themselves.
        let isNetworkGood = random.chance(perMille: 250)
        loss = isNetworkGood ? 0 : Int.random(in: 0...60, using: &random)
        repetition = isNetworkGood ? 0 : Int.random(in: 0...60, using: &random)
        delay = isNetworkGood ? 0 : Int.random(in: 0...150, using: &random)
        startFailures = Int.random(in: 0...30, using: &random) * (random.chance(perMille: 100) ? 10 : 1)
        deathsAtStart = Int.random(in: 0...80, using: &random)
        initErrors = Int.random(in: 0...80, using: &random)
        initCrashes = Int.random(in: 0...80, using: &random)
        slowInits = Int.random(in: 0...150, using: &random)
        let size = max(1, nodeCount / 6)
        faultInterval = random.duration(milliseconds: 200...3_000) / size
        workInterval = random.duration(milliseconds: 60...400) / size
        duration = nodeCount > 20 ? .seconds(15) : random.duration(milliseconds: 10_000...80_000)
    }

    mutating func cease() {
        (loss, repetition, delay) = (0, 0, 0)
        (startFailures, deathsAtStart, initErrors, initCrashes, slowInits) = (0, 0, 0, 0, 0)
    }
}
