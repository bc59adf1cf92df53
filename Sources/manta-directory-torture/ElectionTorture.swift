internal import Glibc
internal import MantaCore
internal import MantaGCS
internal import MantaStorage

/// Kills heads that were elected through etcd while they commit, and is elected after each.
struct ElectionTorture {
    private let endpoint: String
    private let seed: UInt64
    private var random: SplitMix64
    private var state: ScriptedState
    private var told: UInt64 = 0
    private var killCount = 0
    private var longestTakeover = Duration.zero

    init(endpoint: String, seed: UInt64) {
        self.endpoint = endpoint
        self.seed = seed
        random = SplitMix64(seed: seed)
        state = ScriptedState(Script(seed: seed))
    }

    mutating func run(seconds: Int) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        let election = try EtcdElection(endpoints: [endpoint], cluster: "torture")
        while ContinuousClock.now < end {
            killCount += 1
            let head = Child(["lead", endpoint, String(seed)])
            guard let first = head.next() else { Torture.fail("a head has ended before it was elected") }
            usleep(UInt32.random(in: 0...200_000, using: &random))
            told = max(first, head.kill() ?? 0)
            let death = ContinuousClock.now
            let storage = try await election.campaign(at: NodeAddress(host: "parent", port: 1))
            let entries = try await storage.load()
            longestTakeover = max(longestTakeover, ContinuousClock.now - death)
            check(entries)
            await election.resign()
        }
        print(
            "seed \(seed): \(killCount) heads killed, \(told) commits; the next one led after "
                + "\(longestTakeover) at most"
        )
    }

    private mutating func check(_ entries: [StoredEntry]) {
        let number = Script.number(of: entries)
        guard number == told || number == told + 1 else {
            Torture.fail("seed \(seed): \(told) commits were durable, and \(number) are there")
        }
        told = number
        state.go(to: number)
        guard state.isSame(as: entries) else {
            Torture.fail("seed \(seed): after \(number) commits other entries are there")
        }
    }
}
