package import MantaCore

/// Placements that wait for the same.
package struct WaitingLine: Hashable, Sendable {
    package var request: PlacementRequest
    package var count: Int
    /// The one that has waited longest, and when it is given up.
    package var oldest: PlacementTicket
    package var deadline: Moment
}
