import MantaCore

/// Many runs, on all processors.
package struct SimulationSuite: Sendable {
    package var seeds: Range<UInt64>
    package var nodeCount: Int?
    package var plantedBug: PlantedBug?
    package var taskCount: Int

    package init(
        seeds: Range<UInt64>,
        nodeCount: Int? = nil,
        plantedBug: PlantedBug? = nil,
        taskCount: Int = 2
    ) {
        self.seeds = seeds
        self.nodeCount = nodeCount
        self.plantedBug = plantedBug
        self.taskCount = max(1, taskCount)
    }

    package func options(seed: UInt64) -> SimulationOptions {
        SimulationOptions(seed: seed, nodeCount: nodeCount, plantedBug: plantedBug)
    }

    /// Runs all of them, the large ones first, so that none is left for one processor at the end.
    ///
    /// - Parameter onResult: Is told of each run as it ends, and whether to go on.
    package func run(onResult: (SimulationResult) -> Bool) async {
        var waiting = seeds.map { options(seed: $0) }
            .sorted { ($0.resolvedNodeCount, $1.seed) < ($1.resolvedNodeCount, $0.seed) }
        await withTaskGroup(of: SimulationResult.self) { group in
            func start() {
                guard let options = waiting.popLast() else { return }
                group.addTask { Simulation.run(options) }
            }
            for _ in 0..<taskCount { start() }
            while let result = await group.next() {
                if !onResult(result) { waiting.removeAll() }
                start()
            }
        }
    }

    /// Repeats a run with a trace.
    package func explain(seed: UInt64) -> SimulationResult {
        var options = options(seed: seed)
        options.isTraced = true
        return Simulation.run(options)
    }
}
