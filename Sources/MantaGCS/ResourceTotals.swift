package import MantaCore

/// What all nodes offer together, and what of it is free.
package struct ResourceTotals: Sendable, Codable {
    package var total: Resources
    package var available: Resources
}
