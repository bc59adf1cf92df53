internal import FoundationEssentials
internal import MantaCore

/// Where a driver finds a cluster on its machine: the folder of a session, in which the process of the GCS says who
/// it is.
struct ClusterAddress: Sendable {
    private static let prefix = "unix:"
    private static let fileName = "head"

    /// The folder in which the cluster's processes listen.
    let directory: String
    let cluster: UInt64
    /// The process that hosts the GCS.
    let head: ProcessID

    /// What the file in the folder holds.
    private struct Card: Codable {
        var cluster: UInt64
        var head: ProcessID
    }

    init(directory: String, cluster: UInt64, head: ProcessID) {
        self.directory = directory
        self.cluster = cluster
        self.head = head
    }

    /// As `ClusterConfiguration.address` and `MANTA_ADDRESS` give it.
    init(_ text: String) throws(ClusterError) {
        guard text.hasPrefix(Self.prefix), text.count > Self.prefix.count else {
            throw ClusterError(
                .invalidArgument,
                "\"\(text)\" is no address of a cluster",
                hint:
                    "it is unix: and the folder of a running session, as that session's cluster.address gives it"
            )
        }
        directory = String(text.dropFirst(Self.prefix.count))
        do {
            let data = try Data(contentsOf: URL(filePath: "\(directory)/\(Self.fileName)"))
            let card = try JSONDecoder().decode(Card.self, from: data)
            (cluster, head) = (card.cluster, card.head)
        } catch {
            throw ClusterError(
                .notConnected,
                "there is no cluster at \(text): \(error)",
                hint: "start its driver first; the address is new each time it starts"
            )
        }
    }

    var text: String { Self.prefix + directory }

    /// Lets drivers join.
    func publish() throws {
        let data = try JSONEncoder().encode(Card(cluster: cluster, head: head))
        try data.write(to: URL(filePath: "\(directory)/\(Self.fileName)"))
    }
}
