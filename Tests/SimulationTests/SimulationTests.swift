import MantaSimulation
import Testing

@Suite("Simulated clusters")
struct SimulationTests {
    @Test("keep what they promise under faults", arguments: 1..<41 as Range<UInt64>)
    func seeds(seed: UInt64) {
        let result = Simulation.run(SimulationOptions(seed: seed, nodeCount: 3 + Int(seed % 5)))
        #expect(result.violation == nil)
        #expect(result.counts.spawns > 0)
    }

    @Test("lose nothing that was told when their heads crash and start again")
    func heads() { #expect(total(\.headCrashes, seeds: 200..<230, nodeCount: 3) > 0) }

    @Test("go on when their heads are cut off, which doubt themselves then")
    func doubts() { #expect(total(\.doubts, seeds: 300..<330, nodeCount: 4) > 0) }

    /// What is counted in runs that keep all promises.
    private func total(_ count: KeyPath<SimulationCounts, Int>, seeds: Range<UInt64>, nodeCount: Int) -> Int {
        seeds.reduce(0) { sum, seed in
            let result = Simulation.run(SimulationOptions(seed: seed, nodeCount: nodeCount))
            #expect(result.violation == nil)
            return sum + result.counts[keyPath: count]
        }
    }

    @Test("run the same way for the same seed", arguments: [7, 8, 9] as [UInt64])
    func repeats(seed: UInt64) {
        let first = Simulation.run(SimulationOptions(seed: seed, nodeCount: 6))
        let second = Simulation.run(SimulationOptions(seed: seed, nodeCount: 6))
        #expect(first.digest == second.digest)
        #expect(first.counts == second.counts)
        #expect(first.digest != Simulation.run(SimulationOptions(seed: seed + 10, nodeCount: 6)).digest)
    }

    @Test("show each planted bug within 60 seeds, which pass without it", arguments: PlantedBug.allCases)
    func plantedBugs(bug: PlantedBug) throws {
        let seed = try #require(
            (1...60 as ClosedRange<UInt64>).first { seed in
                let options = SimulationOptions(seed: seed, nodeCount: 5, plantedBug: bug)
                return Simulation.run(options).violation != nil
            }
        )
        #expect(Simulation.run(SimulationOptions(seed: seed, nodeCount: 5)).violation == nil)
    }

    @Test("tell the last that happened before a violation")
    func trace() async {
        let suite = SimulationSuite(seeds: 1..<31, nodeCount: 5, plantedBug: .releasesEarly)
        var violation: Violation?
        await suite.run { result in
            violation = violation ?? result.violation
            return violation == nil
        }
        guard let violation else {
            Issue.record("no seed shows the planted bug")
            return
        }
        let explained = suite.explain(seed: violation.seed)
        #expect(explained.violation == violation)
        #expect(explained.trace.count == 40)
    }
}
