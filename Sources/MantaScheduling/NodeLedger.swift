package import MantaCore

/// What one node offers, and what of it is held.
///
/// The raylet admits by the ledger of its own node, and is right; the GCS places by its view of all of them,
/// which may lag behind.
package struct NodeLedger: Hashable, Sendable {
    package let total: Resources
    package private(set) var available: Resources
    /// The held share of the busiest resource, from 0 to 1.
    package private(set) var load = 0.0

    /// Amounts below zero count as none.
    package init(total: Resources) {
        var offered = total
        for (resource, quantity) in total.quantities where quantity.units < 0 { offered[resource] = nil }
        self.total = offered
        available = offered
    }

    package var held: Resources {
        var held = Resources()
        for resource in total.quantities.keys { held[resource] = heldQuantity(of: resource) }
        return held
    }

    /// Takes all of `demand` or nothing.
    ///
    /// - Returns: Whether it was taken.
    package mutating func acquire(_ demand: Resources) -> Bool {
        guard fits(demand) else { return false }
        for (resource, quantity) in demand.quantities {
            available[resource] = Quantity(units: available.units(of: resource) - quantity.units)
        }
        updateLoad()
        return true
    }

    /// Gives back what ``acquire(_:)`` took. More than is held is our bug.
    package mutating func release(_ demand: Resources) {
        for (resource, quantity) in demand.quantities {
            guard quantity.units >= 0, quantity <= heldQuantity(of: resource) else {
                preconditionFailure("released \(demand) with only \(held) of \(total) held")
            }
            available[resource] = Quantity(units: available.units(of: resource) + quantity.units)
        }
        updateLoad()
    }

    /// Whether `demand` could be acquired now; never, if it asks for less than zero of something.
    package func fits(_ demand: Resources) -> Bool { demand.isWithin(available) }

    /// Whether `demand` could be acquired from the idle node.
    package func couldEverFit(_ demand: Resources) -> Bool { demand.isWithin(total) }

    /// What the idle node would still lack; empty if `demand` could ever fit.
    package func shortfall(of demand: Resources) -> Resources { demand.excess(over: total) }

    private func heldQuantity(of resource: Resource) -> Quantity {
        Quantity(units: total.units(of: resource) - available.units(of: resource))
    }

    private mutating func updateLoad() {
        load = 0
        for (resource, quantity) in total.quantities {
            load = max(load, Double(heldQuantity(of: resource).units) / Double(quantity.units))
        }
    }
}
