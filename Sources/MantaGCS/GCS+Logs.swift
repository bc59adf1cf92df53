internal import Distributed
package import MantaCore
internal import MantaRuntime

// Logs of nodes, handed on: whoever asks need not reach the node itself.

extension GCS {
    /// The logs that a node keeps.
    ///
    /// - Throws: ``ClusterError`` with code `nodeDied` when the node is not in the cluster.
    package distributed func logFiles(of node: NodeID) async throws -> [LogFileInfo] {
        try await raylet(of: node).logFiles()
    }

    /// The next bytes of a node's log; the first that there are, without a position.
    package distributed func log(
        of node: NodeID,
        _ name: String,
        after position: LogPosition?
    ) async throws -> LogPiece {
        try await raylet(of: node).log(name, after: position)
    }

    /// Where the last lines of a node's log begin.
    package distributed func logTail(
        of node: NodeID,
        _ name: String,
        lineCount: Int
    ) async throws -> LogPosition {
        try await raylet(of: node).logTail(name, lineCount: lineCount)
    }

    private func raylet(of node: NodeID) throws -> any RayletClient {
        if plane.membership.isMember(node), let raylet = raylets[node] { return raylet }
        throw ClusterError(
            .nodeDied,
            "\(node) is not in the cluster, so nobody can read its logs from here",
            hint: "they are still on its machine: run manta logs --directory there, with the node's folder"
        )
    }
}
