/// Tries every action from every state of a world that can be reached, and lets each state come to its end.
struct ReferenceModelChecker {
    private struct Step {
        var world: ReferenceWorld
        var actions: [ReferenceWorld.Action]
        var next = 0
    }

    /// By hash, of 64 bits: among a million states two are the same by chance once in thirty million runs.
    private var seen: Set<Int> = []
    private var drained: Set<Int> = []
    /// How many steps were tried.
    private(set) var stepCount = 0

    var stateCount: Int { seen.count }

    /// Depth first, so that only the way to the present state is kept.
    ///
    /// - Returns: What is wrong and how it came about, or `nil`.
    mutating func run(_ world: ReferenceWorld) -> String? {
        seen.insert(world.hashValue)
        var path = [Step(world: world, actions: world.actions)]
        while let step = path.indices.last {
            guard path[step].next < path[step].actions.count else {
                path.removeLast()
                continue
            }
            var world = path[step].world
            world.apply(path[step].actions[path[step].next])
            path[step].next += 1
            stepCount += 1
            if let violation = world.violation { return report(violation, path) }
            guard seen.insert(world.hashValue).inserted else { continue }
            if let violation = drain(world) { return report("at the end: " + violation, path) }
            path.append(Step(world: world, actions: world.actions))
        }
        return nil
    }

    private mutating func drain(_ world: ReferenceWorld) -> String? {
        var world = world
        var ways: [Int] = []
        world.drain { state in
            ways.append(state.hashValue)
            return drained.contains(state.hashValue)
        }
        drained.formUnion(ways)
        return world.violation
    }

    private func report(_ violation: String, _ path: [Step]) -> String {
        let actions = path.map { "\($0.actions[$0.next - 1])" }
        return ([violation, "after"] + actions).joined(separator: "\n")
    }
}
