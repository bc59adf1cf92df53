import MantaCore

/// What one incarnation holds on its node.
struct Lease: Sendable {
    enum State { case creating, held, ending }

    let node: NodeID
    let demand: Resources
    /// Whether the scheduler holds the demand; not for what a raylet hosts that the GCS never placed there.
    var isReserved = true
    var state = State.creating
}
