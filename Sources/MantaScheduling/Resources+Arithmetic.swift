import MantaCore

extension Resources {
    func units(of resource: Resource) -> Int64 { self[resource]?.units ?? 0 }

    var hasNegativeAmount: Bool { quantities.values.contains { $0.units < 0 } }

    func isWithin(_ limit: Resources) -> Bool {
        quantities.allSatisfy { $0.value.units >= 0 && $0.value.units <= limit.units(of: $0.key) }
    }

    /// What is over `limit`, resource by resource.
    func excess(over limit: Resources) -> Resources {
        var excess = Resources()
        for (resource, quantity) in quantities where quantity.units > limit.units(of: resource) {
            excess[resource] = Quantity(units: quantity.units - limit.units(of: resource))
        }
        return excess
    }

    /// Adds `other`. A sum that is too large is held at the largest amount, as each amount is.
    mutating func add(_ other: Resources) {
        for (resource, quantity) in other.quantities {
            let (sum, overflow) = units(of: resource).addingReportingOverflow(quantity.units)
            self[resource] = Quantity(units: overflow ? .max : sum)
        }
    }

    /// In an order that does not change from run to run, for texts and for sums of fractions.
    var sortedByName: [(resource: Resource, quantity: Quantity)] {
        quantities.sorted { $0.key.name < $1.key.name }.map { ($0.key, $0.value) }
    }
}
