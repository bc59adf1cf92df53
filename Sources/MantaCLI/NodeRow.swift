package import MantaCore

/// A node in a listing.
package struct NodeRow: Codable, Hashable, Sendable {
    package var id: String
    package var address: String
    /// `alive`, `draining`, or `suspect` when it does not answer at the moment.
    package var state: String
    package var isHead: Bool
    package var labels: [String: String]
    package var total: [String: Double]
    package var available: [String: Double]
    package var storeCapacity: Int
    package var storeUsed: Int
    package var actors: Int

    package init(_ node: NodeInfo, isHead: Bool, actors: Int) {
        id = "\(node.id)"
        address = node.address
        state = node.state.rawValue
        self.isHead = isHead
        labels = node.labels
        total = ResourceText.numbers(node.total)
        available = ResourceText.numbers(node.available)
        storeCapacity = node.storeCapacity
        storeUsed = node.storeUsed
        self.actors = actors
    }

    private func use(_ resource: Resource) -> String {
        let all = total[resource.name] ?? 0
        return ResourceText.use(
            of: resource,
            total: [resource: Quantity(all)],
            available: [resource: Quantity(available[resource.name] ?? 0)]
        )
    }

    /// Those beside processors and memory.
    private var others: String {
        let names = total.keys.filter { $0 != Resource.cpu.name && $0 != Resource.memory.name }.sorted()
        return names.map { "\($0) \(use(Resource($0)))" }.joined(separator: ", ")
    }

    package static func table(_ rows: [NodeRow]) -> TextTable {
        var table = TextTable([
            .init("NODE"), .init("ADDRESS"), .init("STATE"), .init("ACTORS", .right), .init("CPU", .right),
            .init("MEMORY", .right), .init("STORE", .right), .init("OTHER"), .init("LABELS"),
        ])
        for row in rows {
            table.append([
                row.id, row.address, row.isHead ? "\(row.state), head" : row.state, "\(row.actors)",
                row.use(.cpu),
                row.use(.memory), "\(ByteCount(row.storeUsed))/\(ByteCount(row.storeCapacity))", row.others,
                LabelList.text(row.labels),
            ])
        }
        return table
    }
}
