internal import CMantaShims
internal import FoundationEssentials
internal import Glibc
package import MantaCore
package import MantaTransport

/// What a session says of itself to other programs on its machine, in a file of its folder.
package struct SessionCard: Hashable, Sendable, Codable {
    package static let fileName = "card"

    package var cluster: UInt64
    /// The process that hosts the GCS.
    package var gcs: ProcessID
    /// Of a node that is a daemon; an embedded cluster has none.
    package var node: Node?

    package struct Node: Hashable, Sendable, Codable {
        /// The process that keeps the node's store.
        package var keeper: ProcessID
        package var network: NetworkLaunch

        package init(keeper: ProcessID, network: NetworkLaunch) {
            self.keeper = keeper
            self.network = network
        }
    }

    package init(cluster: UInt64, gcs: ProcessID, node: Node? = nil) {
        self.cluster = cluster
        self.gcs = gcs
        self.node = node
    }

    /// Reads the card of the session in `directory`.
    ///
    /// - Throws: ``ClusterError``: `notConnected` when there is none, `undecodable` when it is damaged.
    package init(in directory: String) throws(ClusterError) {
        let path = "\(directory)/\(Self.fileName)"
        guard let data = try? Data(contentsOf: URL(filePath: path)) else {
            throw ClusterError(.notConnected, "no running session has left \(path), or it cannot be read")
        }
        do { self = try JSONDecoder().decode(SessionCard.self, from: data) } catch {
            throw ClusterError(
                .undecodable,
                "\(path) is damaged, or of another version",
                hint: "start the node, or the program that hosts the cluster, again"
            )
        }
    }

    /// Replaces the card in `directory` at once.
    package func write(to directory: String) throws {
        try JSONEncoder().encode(self).write(
            to: URL(filePath: "\(directory)/\(Self.fileName)"),
            options: .atomic
        )
    }

    /// Whether it is that of a cluster's head.
    package var isOfHead: Bool { node.map { $0.network.heads.contains($0.network.address) } ?? false }

    /// Whether the daemon of a node's folder lives, which holds the lock of the folder as long. Asking does not take the
    /// lock, so it is in the way of no daemon that starts.
    package static func isLive(_ directory: String) -> Bool {
        let lock = open("\(directory)/lock", O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { return false }
        defer { close(lock) }
        return manta_byte_is_locked(lock, 0) == 1
    }
}
