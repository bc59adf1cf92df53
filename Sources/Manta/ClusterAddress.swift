internal import Glibc
internal import MantaCore
internal import MantaRuntime
internal import MantaTransport

/// Where a driver finds a cluster: in the folder of a session on its machine.
///
/// That is the folder of an embedded cluster, or of the node that this machine is of a larger one.
package struct ClusterAddress: Sendable {
    private static let prefix = "unix:"
    /// The folder of the node to join by, when a machine has several.
    package static let directoryVariable = "MANTA_DIRECTORY"

    /// The folder that the environment names.
    package static var chosenDirectory: String? {
        getenv(directoryVariable).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The folder in which the processes of this machine listen.
    package let directory: String
    package let card: SessionCard

    init(directory: String, card: SessionCard) {
        self.directory = directory
        self.card = card
    }

    /// As `ClusterConfiguration.address` and `MANTA_ADDRESS` give it: `unix:` and a folder, `HOST:PORT` of the head or of this
    /// machine's node, or `auto` for the only node of this machine.
    package init(_ text: String) throws(ClusterError) {
        if text.hasPrefix(Self.prefix), text.count > Self.prefix.count {
            self = try Self.session(in: String(text.dropFirst(Self.prefix.count)), text)
        } else if text == "auto" {
            self = try Self.node(for: nil, text)
        } else {
            self = try Self.node(for: try Self.nodeAddresses(text), text)
        }
    }

    private static func nodeAddresses(_ text: String) throws(ClusterError) -> [NodeAddress] {
        do throws(ClusterError) {
            var addresses: [NodeAddress] = []
            for part in text.split(separator: ",") { addresses.append(try NodeAddress(part)) }
            return addresses
        } catch {
            throw ClusterError(
                .invalidArgument,
                "\"\(text)\" is no address of a cluster",
                hint:
                    "it is HOST:PORT of a cluster's head (several with commas), auto, or unix: and the folder of a running session"
            )
        }
    }

    private static func session(in directory: String, _ text: String) throws(ClusterError) -> ClusterAddress {
        let card: SessionCard
        do { card = try SessionCard(in: directory) } catch {
            throw ClusterError(
                .notConnected,
                "there is no cluster at \(text): \(error.message)",
                hint: error.hint
                    ?? "start it first; the address of an embedded cluster is new each time its driver starts"
            )
        }
        guard card.node == nil || SessionCard.isLive(directory) else {
            throw ClusterError(
                .notConnected,
                "the node at \(text) has ended",
                hint: "start it again with manta start"
            )
        }
        return ClusterAddress(directory: directory, card: card)
    }

    /// The node of this machine that belongs to the cluster at one of `addresses`, or is there; the only one for `nil`.
    /// One that the environment names comes first, if it does.
    private static func node(for addresses: [NodeAddress]?, _ text: String) throws(ClusterError)
        -> ClusterAddress
    {
        if let directory = chosenDirectory {
            let node = try session(in: directory, "\(directory) (\(directoryVariable))")
            guard let addresses, let network = node.card.node?.network, !network.isReached(at: addresses)
            else {
                return node
            }
        }
        let nodes = NodeFolder.all.filter(SessionCard.isLive).compactMap { directory in
            (try? SessionCard(in: directory)).map { ClusterAddress(directory: directory, card: $0) }
        }
        let fitting = nodes.filter { node in
            guard let network = node.card.node?.network else { return false }
            return addresses.map(network.isReached) ?? true
        }
        guard let node = fitting.first(where: \.card.isOfHead) ?? fitting.first else {
            throw ClusterError(
                .notConnected,
                addresses == nil
                    ? "no node runs on this machine" : "this machine has no node of the cluster at \(text)",
                hint: "start one with manta start --address HOST:PORT, or the head with manta start --head; "
                    + "for a node in another folder than the usual one set \(directoryVariable)"
            )
        }
        // Several nodes of one cluster are as good as one.
        guard addresses != nil || Set(fitting.map(\.card.cluster)).count == 1 else {
            throw ClusterError(
                .notConnected,
                "this machine has nodes of several clusters: \(fitting.map(\.directory).joined(separator: ", "))",
                hint: "set \(directoryVariable) to the folder of one of them"
            )
        }
        return node
    }

    var text: String { Self.prefix + directory }

    /// What drivers of this machine are to have in `MANTA_ADDRESS`.
    package var joiningText: String {
        card.node.map { $0.network.heads.map(\.description).joined(separator: ",") } ?? text
    }

    /// How a driver takes part in the cluster.
    func runtimeOptions(_ configuration: ClusterConfiguration) throws(ClusterError) -> RuntimeOptions {
        var options = configuration.runtimeOptions(directory: directory, cluster: card.cluster)
        if var network = card.node?.network {
            if let secret = configuration.secretFile { network.security = .secret(path: secret) }
            options.network = try Network(network)
        }
        return options
    }
}

extension NetworkLaunch {
    /// Whether one of these leads to the node, or to a head of its cluster.
    fileprivate func isReached(at addresses: [NodeAddress]) -> Bool {
        let places = [address] + heads
        return addresses.contains { places.contains($0) || ($0.port == address.port && $0.isLoopback) }
            // Last, because it may ask for names.
            || addresses.contains { other in places.contains { $0.isSame(as: other) } }
    }
}

extension NodeAddress {
    /// Whether both lead to the same place, by whatever name. Looks up names, which may take a while.
    fileprivate func isSame(as other: NodeAddress) -> Bool {
        guard port == other.port else { return false }
        if isLoopback || other.isLoopback { return isLoopback && other.isLoopback }
        guard let host = try? resolved(), let otherHost = try? other.resolved() else { return false }
        return host == otherHost
    }

    fileprivate var isLoopback: Bool { host == "localhost" || host.hasPrefix("127.") || host == "::1" }
}
