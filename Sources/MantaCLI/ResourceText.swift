package import MantaCore

/// Amounts of resources, as listings show them: memory in units, everything else as a number.
package enum ResourceText {
    /// `4`, `0.5`, `8 GiB`.
    package static func amount(_ quantity: Quantity, of resource: Resource) -> String {
        resource == .memory ? "\(ByteCount(Int(quantity.value)))" : "\(quantity)"
    }

    /// `cpu 2, memory 1 GiB`, by name; `-` for none.
    package static func list(_ resources: Resources) -> String {
        let listed = sorted(resources).map { "\($0.name) \(amount($1, of: $0))" }
        return listed.isEmpty ? "-" : listed.joined(separator: ", ")
    }

    /// `1.5/4`, `2 GiB/8 GiB`: what is used of what there is.
    package static func use(of resource: Resource, total: Resources, available: Resources) -> String {
        let all = total[resource] ?? 0
        let used = Quantity(units: all.units - (available[resource]?.units ?? 0))
        return "\(amount(used, of: resource))/\(amount(all, of: resource))"
    }

    /// Processors and memory first, then the others by name.
    package static func sorted(_ resources: Resources) -> [(Resource, Quantity)] {
        let first: [Resource] = [.cpu, .memory, .gpu]
        func rank(_ resource: Resource) -> Int { first.firstIndex(of: resource) ?? first.count }
        return resources.quantities.sorted { (rank($0.key), $0.key.name) < (rank($1.key), $1.key.name) }
            .map { ($0.key, $0.value) }
    }

    /// For other programs.
    package static func numbers(_ resources: Resources) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: resources.quantities.map { ($0.key.name, $0.value.value) })
    }
}
