import MantaCore
import Testing

@Suite("many references at random")
struct ReferenceSimulationTests {
    @Test("keep what is held, free what is not", arguments: [0, 2, 5])
    func holds(crashes: Int) {
        var counts: [ReferenceWorld.Kind: Int] = [:]
        for seed in ReferenceDepth.seeds {
            var random = SplitMix64(seed: seed)
            var world = ReferenceWorld.random(processes: 10, objects: 50, crashes: crashes, using: &random)
            for _ in 0..<ReferenceDepth.simulationSteps {
                guard world.violation == nil, let kind = world.randomStep(using: &random) else { break }
                counts[kind, default: 0] += 1
            }
            world.drain { _ in false }
            #expect(world.violation == nil, "seed \(seed), at most \(crashes) crashes")
        }
        let summary = ReferenceWorld.Kind.allCases.map { "\(counts[$0, default: 0]) \($0)" }
        print("at random:", summary.joined(separator: ", "))
    }
}

extension ReferenceWorld {
    static func random(
        processes: Int,
        objects: Int,
        crashes: Int,
        using random: inout SplitMix64
    ) -> ReferenceWorld {
        let objects = (0..<objects).map { index in
            let owner = Int.random(in: 0..<processes, using: &random)
            // What names another comes later, so that there is no circle.
            let isOuter = index > 0 && Int.random(in: 0..<3, using: &random) == 0
            return Object(owner: owner, content: isOuter ? Int.random(in: 0..<index, using: &random) : nil)
        }
        let unlimited = 1 << 40
        let budget = Budget(
            sends: unlimited,
            resends: unlimited,
            reads: unlimited,
            timeouts: unlimited,
            repeats: unlimited,
            retractions: unlimited,
            crashes: crashes
        )
        return ReferenceWorld(processes: processes, objects: objects, budget: budget)
    }

    /// Does one of the things that may happen, oftener those that carry the others on.
    ///
    /// - Returns: What it was, or `nil` when nothing was found that may happen.
    mutating func randomStep(using random: inout SplitMix64) -> Kind? {
        let total = Kind.allCases.reduce(0) { $0 + $1.weight }
        for _ in 0..<1000 {
            // First the kind, so that the many references do not crowd out the few messages.
            var ticket = Int.random(in: 0..<total, using: &random)
            let kind = Kind.allCases.first { kind in
                ticket -= kind.weight
                return ticket < 0
            }
            guard let kind, let action = actions(of: kind).randomElement(using: &random) else { continue }
            apply(action)
            return kind
        }
        return nil
    }
}

extension ReferenceWorld.Kind {
    fileprivate var weight: Int {
        switch self {
        case .create: 40
        case .send: 200
        case .read: 100
        case .receive: 200
        case .conclude: 160
        case .drop: 220
        case .take: 160
        case .deliver: 300
        case .takeSoon: 80
        case .tell, .catchUp: 30
        case .resend: 30
        case .deliverAndKeep, .giveUp: 30
        case .takeLate: 6
        case .crash: 10
        }
    }
}
