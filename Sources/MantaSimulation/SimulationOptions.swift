import MantaCore

/// What a run is made of. The same options give the same run, on every machine.
package struct SimulationOptions: Sendable {
    /// Decides everything that is left to chance.
    package var seed: UInt64
    /// Whether the directory is stored, and the head crashes and starts again: in half of the runs.
    var isStored: Bool {
        if plantedBug?.needsStorage == true { return true }
        var random = SplitMix64(seed: seed ^ 0x6865_6164)
        return random.chance(perMille: 500)
    }

    /// How many nodes there are; `nil` lets the seed choose: mostly a few, sometimes dozens, seldom 200.
    package var nodeCount: Int?
    /// A fault in the programs themselves, to show that the checks would find it.
    package var plantedBug: PlantedBug?
    /// Keeps a line for each thing that happens. A run is repeated with it to explain a violation.
    package var isTraced = false
    /// How many of the last lines are kept.
    package var traceLimit = 40

    package init(seed: UInt64, nodeCount: Int? = nil, plantedBug: PlantedBug? = nil) {
        self.seed = seed
        self.nodeCount = nodeCount
        self.plantedBug = plantedBug
    }

    /// The number of nodes of this run.
    package var resolvedNodeCount: Int {
        if let nodeCount { return nodeCount }
        var random = SplitMix64(seed: seed ^ 0x6e6f_6465)
        return switch Int.random(in: 0..<200, using: &random) {
        case 0: 200
        case 1..<5: Int.random(in: 40...60, using: &random)
        default: Int.random(in: 3...10, using: &random)
        }
    }
}
