package import MantaCore

extension WaitGraph {
    /// A circle of actors that wait for each other.
    package struct Deadlock: Hashable, Sendable {
        /// The call in line that fails, so that the others can go on.
        package var victim: Key
        /// For people: `A "x" waits for B "y", which waits for A "x"`.
        package var chain: String
    }

    /// The circle that goes through the line of `actor`, if it falls to this line to break it.
    ///
    /// Every line in a circle looks for it. The one whose actor comes first breaks it, so that one call fails
    /// and not one of each line. Of several circles the shortest is found.
    package func deadlock(of actor: ActorID) -> Deadlock? {
        guard let root = lines[actor] else { return nil }
        let stuck = stuckCalls()
        guard !root.holders.isEmpty, root.holders.isSubset(of: stuck) else { return nil }
        // Breadth first from one running call to the next, which it waits for directly or in line.
        var steps: [Key: Step] = [:]
        var queue: [Key] = []
        func reach(_ key: Key, _ step: Step) {
            guard steps[key] == nil else { return }
            steps[key] = step
            queue.append(key)
        }
        for holder in sorted(root.holders) { reach(holder, Step(from: nil, line: actor)) }
        var next = 0
        while next < queue.count {
            let key = queue[next]
            next += 1
            for made in sorted(calls[key]?.made ?? []) where stuck.contains(made) {
                guard let line = calls[made]?.line else {
                    reach(made, Step(from: key, line: nil))
                    continue
                }
                guard line != actor else { return deadlock(from: key, steps, root, victim: made) }
                for holder in sorted(lines[line]?.holders ?? []) {
                    reach(holder, Step(from: key, line: line))
                }
            }
        }
        return nil
    }

    /// How a running call was reached.
    private struct Step {
        var from: Key?
        /// The line whose turn it holds, when it was reached through that.
        var line: ActorID?
    }

    private func deadlock(from last: Key, _ steps: [Key: Step], _ root: Line, victim: Key) -> Deadlock? {
        var labels = [root.label]
        var inLine: Set<ActorID> = []
        var key: Key? = last
        while let current = key, let step = steps[current] {
            labels.append(calls[current]?.label ?? "?")
            if let line = step.line { inLine.insert(line) }
            key = step.from
        }
        labels.reverse()
        guard let actor = calls[victim]?.line, inLine.allSatisfy({ !comesBefore($0, actor) }) else {
            return nil
        }
        let chain = labels[0] + " waits for " + labels.dropFirst().joined(separator: ", which waits for ")
        return Deadlock(victim: victim, chain: chain)
    }

    private func comesBefore(_ left: ActorID, _ right: ActorID) -> Bool {
        (left.scope, left.number) < (right.scope, right.number)
    }

    private func sorted(_ keys: Set<Key>) -> [Key] {
        keys.sorted { ($0.process.rawValue, $0.serial) < ($1.process.rawValue, $1.serial) }
    }
}
