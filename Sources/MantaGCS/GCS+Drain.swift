internal import Distributed
package import MantaCore
internal import MantaRuntime
import MantaTransport

extension GCS {
    /// Takes a node out of service: see `ControlPlane.drain`. Returns when nothing is left on it.
    ///
    /// - Parameters:
    ///   - node: The node. It stays a member, on which nothing is placed.
    ///   - limit: How long calls in progress may take.
    /// - Throws: `invalidArgument` when it is no member, `nodeDied` when it died meanwhile.
    package distributed func drain(_ node: NodeID, within limit: Duration) async throws {
        try await stepDurably { try $0.drain(node, within: limit, now: Lane.now) }
        while let key = plane.anyLease(on: node) {
            await waitForRelease(of: key)
            try checkWaiting()
        }
        try await committed()
        guard plane.membership.isMember(node) else {
            throw ClusterError(.nodeDied, "\(node) died while it was drained")
        }
    }
}
