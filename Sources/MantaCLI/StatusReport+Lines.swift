internal import MantaCore

extension StatusReport {
    /// How many failures people are shown, the newest.
    private static let shownFailureCount = 10

    /// For a terminal.
    package var lines: [String] {
        var lines = [
            "Cluster \(cluster)\(head.map { ", head at \($0)" } ?? "")",
            "  up \(Duration.seconds(uptimeSeconds).text), version \(version), directory in \(storage)",
            "  \(actorText); \(drivers == 1 ? "1 driver" : "\(drivers) drivers")",
            "",
            "Nodes: \(nodes.count)",
        ]
        lines += NodeRow.table(nodes).lines.map { "  " + $0 }
        lines += ["", "Used"]
        lines += usage.map { "  " + $0 }
        lines += ["", pending.isEmpty ? "Pending demand: none" : "Pending demand"]
        lines += pending.map { "  " + text($0) }
        lines += ["", failures.isEmpty ? "Recent failures: none" : "Recent failures"]
        lines += failures.prefix(Self.shownFailureCount).map { "  " + text($0) }
        if failures.count > Self.shownFailureCount {
            lines.append("  and \(failures.count - Self.shownFailureCount) before that: see --json")
        }
        return lines
    }

    private var actorText: String {
        var parts = ["\(actors.alive) \(actors.alive == 1 ? "actor" : "actors") alive"]
        if actors.pending > 0 { parts.append("\(actors.pending) pending") }
        if actors.restarting > 0 { parts.append("\(actors.restarting) restarting") }
        return parts.joined(separator: ", ")
    }

    private var usage: [String] {
        let offered = Resources(total)
        var lines = ResourceText.sorted(offered).map { resource, _ in
            "\(resource.name) \(ResourceText.use(of: resource, total: offered, available: Resources(available)))"
        }
        let (used, capacity) = nodes.reduce((0, 0)) { ($0.0 + $1.storeUsed, $0.1 + $1.storeCapacity) }
        lines.append("object store \(ByteCount(used))/\(ByteCount(capacity))")
        return lines
    }

    private func text(_ pending: Pending) -> String {
        let place = pending.placement == PlacementText.text(.automatic) ? "" : " on \(pending.placement)"
        let rest = pending.givesUpInSeconds.map { ", for \(Duration.seconds($0).text) more" } ?? ""
        return "\(pending.count) × \(ResourceText.list(Resources(pending.resources)))\(place): waits for "
            + "\(Duration.seconds(pending.waitedSeconds).text)\(rest); \(pending.reason)"
    }

    private func text(_ failure: Failure) -> String {
        let actors =
            failure.kind == "actor" || failure.actors == 0
            ? "" : ", with \(failure.actors == 1 ? "1 actor" : "\(failure.actors) actors")"
        let time = failure.time.prefix(19).replacing("T", with: " ")
        return "\(time)  \(failure.kind) \(failure.subject)\(actors): \(failure.cause)"
    }
}

extension Resources {
    fileprivate init(_ numbers: [String: Double]) {
        self.init()
        for (name, value) in numbers { self[Resource(name)] = Quantity(value) }
    }
}
