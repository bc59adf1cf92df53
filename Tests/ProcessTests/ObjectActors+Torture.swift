import Distributed
import Glibc
import Manta
import MantaTestSupport
import Testing

/// Mules, of which some are dead at any time.
final class Stable: Sendable {
    let system: ClusterSystem
    private let mules = Shared<[(mule: Mule, process: Int32)]>([])
    private let kills = Shared(0)

    init(_ system: ClusterSystem) { self.system = system }

    var killCount: Int { kills.value }

    func fill(_ count: Int) async throws {
        for _ in 0..<count { try await add() }
    }

    private func add() async throws {
        let mule = try await system.spawn(Mule.self, options: .init(isolation: .process, placement: .spread))
        let process = try await mule.process()
        mules.change { $0.append((mule, process)) }
    }

    func pick(_ random: inout SeededRandom) -> Mule? { mules.value.randomElement(using: &random)?.mule }

    func killOne(_ random: inout SeededRandom) async {
        let all = mules.value
        guard let index = all.indices.randomElement(using: &random) else { return }
        let victim = all[index]
        mules.change { $0.removeAll { $0.process == victim.process } }
        kill(victim.process, SIGKILL)
        kills.change { $0 += 1 }
        let error = await clusterError { try await add() }
        #expect(error == nil)
    }

    /// Has the rest drop what they keep.
    func empty() async throws {
        for (mule, _) in mules.value { try await mule.drop() }
    }
}

/// Does one thing after another with objects, and checks what it reads.
struct TortureClient {
    private let stable: Stable
    private var random: SeededRandom
    private var nextSeed: UInt64
    /// Of this process, or of the node and made here: they never go before they are dropped.
    private var safe: [Mule.Load] = []
    /// Those of mules, which may end with them.
    private var others: [Mule.Load] = []
    private var packs: [ObjectRef<Mule.Pack>] = []
    private(set) var stepCount = 0

    init(_ stable: Stable, seed: UInt64) {
        self.stable = stable
        random = SeededRandom(seed: seed)
        nextSeed = seed << 20
    }

    private var system: ClusterSystem { stable.system }

    mutating func step() async throws {
        stepCount += 1
        do {
            try await act()
        } catch let error as ClusterError {
            switch error.code {
            case .actorDied, .workerDied, .notConnected: break
            case .ownerDied, .objectLost: break
            case .timedOut where error.outcome != nil: break
            default: throw error
            }
        } catch is CancellationError {}
        if safe.count > 6 { safe.removeFirst(4) }
        if others.count > 10 { others.removeFirst(6) }
        if packs.count > 4 { packs.removeFirst(3) }
    }

    private mutating func act() async throws {
        guard let mule = stable.pick(&random), let other = stable.pick(&random) else { return }
        nextSeed += 1
        let seed = nextSeed
        // Mostly small; some go through the store as arguments.
        let count = random.chance(percent: 20) ? Int.random(in: 10_000...60_000, using: &random) : 100
        let owner = random.chance(percent: 40) ? ObjectOwner.node : .process
        switch Int.random(in: 0..<14, using: &random) {
        case 0, 1:
            let item = try await system.put(Stoker.words(count, of: seed), owner: owner)
            safe.append(Mule.Load(item: item, seed: seed))
        case 2, 3: others.append(try await mule.make(count, of: seed, owner: owner))
        case 4: try await mule.keep(safe + others)
        case 5: try await mule.pass(safe, to: other)
        case 6: others += try await mule.give(3)
        case 7:
            let pack = try await mule.swap(safe, filling: Stoker.words(count, of: seed))
            others += pack.loads.suffix(4)
        case 8: packs.append(try await mule.pack(with: packs.suffix(2), owner: owner))
        case 9:
            let inner = Mule.Pack(loads: safe + others.suffix(2), inner: packs.suffix(1))
            let pack = try await system.put(inner, owner: owner)
            try await mule.keepPack(pack)
            packs.append(pack)
        case 10: if let pack = packs.randomElement(using: &random) { _ = try await mule.unpack(pack) }
        case 11: try await giveUp(mule)
        case 12: try await mule.drop()
        default: try await check(mule)
        }
    }

    /// What is safe is there, whoever has died.
    private func check(_ mule: Mule) async throws {
        for load in safe {
            let isRight = try await withClusterErrors("\(load.item)") {
                try await load.item.withSpan { Stoker.isRight($0, of: load.seed) }
            }
            #expect(isRight, "\(load.item) does not hold what was put")
        }
        for load in others {
            do {
                let isRight = try await load.item.withSpan { Stoker.isRight($0, of: load.seed) }
                #expect(isRight, "\(load.item) does not hold what was put")
            } catch let error as ClusterError where Mule.mayEnd(error) {}
        }
        #expect(try await mule.check(safe) >= safe.count)
    }

    private func withClusterErrors(_ what: String, _ body: () async throws -> Bool) async throws -> Bool {
        do { return try await body() } catch {
            Issue.record("\(what), which is held, cannot be read: \(error)")
            throw error
        }
    }

    /// A call with references both ways that ends early.
    private mutating func giveUp(_ mule: Mule) async throws {
        let loads = safe + others
        if random.chance(percent: 50) {
            let timeout = Duration.microseconds(Int.random(in: 100...5_000, using: &random))
            _ = try await withCallOptions(timeout: timeout) {
                try await mule.swap(loads, filling: Stoker.words(20_000, of: 0))
            }
        } else {
            let call = Task { try await mule.swap(loads, filling: Stoker.words(20_000, of: 0)) }
            await Task.yield()
            call.cancel()
            _ = try await call.value
        }
    }
}
