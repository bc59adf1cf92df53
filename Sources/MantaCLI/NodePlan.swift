internal import Logging
internal import Manta
internal import MantaCore
internal import MantaGCS
internal import MantaStorage
internal import MantaTLS
internal import MantaTransport

/// A node that `manta start` is to start, with all that its options left open decided.
struct NodePlan {
    let role: StartRole
    let directory: String
    let bind: NodeAddress
    let network: NetworkChoice
    let heads: [NodeAddress]
    let security: SecurityFiles
    private let setup: NodeSetup

    /// - Parameters:
    ///   - setup: What the user has said.
    ///   - role: What it is to be.
    ///   - heads: Where the head is, or may be, on other nodes.
    /// - Throws: ``ClusterError`` when that cannot be, as far as it can be seen before the start.
    init(_ setup: NodeSetup, _ role: StartRole, heads: [NodeAddress]) throws {
        self.role = role
        self.setup = setup
        self.heads = heads
        let head = heads.first
        network = try NetworkChoice(bind: setup.bind, advertised: setup.advertise, head: head)
        let wanted = setup.port ?? NodeAddress.defaultPort
        let port = wanted == 0 ? try LocalAddress.freePort(at: network.bind) : wanted
        bind = NodeAddress(host: network.bind, port: port)
        directory = setup.directory.map(FilePath.absolute) ?? NodeFolder.path(port: port)
        security = try Self.security(setup, directory, head)
        try Self.checkFree(directory)
        try Self.checkSpilling(to: Self.spillDirectory(setup))
    }

    /// What a start that takes its time waits for.
    var awaited: String {
        heads.isEmpty ? "the node" : "the head at \(heads.map(\.description).joined(separator: ", "))"
    }

    /// Where its own log is, and what its workers write.
    var logDirectory: String { NodeFolder.logs(in: directory) }
    var logPath: String { "\(logDirectory)/node.log" }

    /// Where the head keeps the cluster's directory.
    var dataDirectory: String { "\(directory)/data" }

    private static func security(
        _ setup: NodeSetup,
        _ directory: String,
        _ head: NodeAddress?
    ) throws(ClusterError) -> SecurityFiles {
        if let certificate = setup.tlsCert, let key = setup.tlsKey, let authority = setup.tlsCa {
            for (option, path) in [("cert", certificate), ("key", key), ("ca", authority)] {
                guard FilePath.exists(path) else {
                    throw ClusterError(
                        .invalidArgument,
                        "there is no file \(path), which --tls-\(option) names"
                    )
                }
            }
            return .certificates(
                certificate: FilePath.absolute(certificate),
                key: FilePath.absolute(key),
                authority: FilePath.absolute(authority)
            )
        }
        return .secret(path: try secret(setup.secretFile, directory, head))
    }

    private static func secret(
        _ named: String?,
        _ directory: String,
        _ head: NodeAddress?
    ) throws(ClusterError) -> String {
        if let named {
            // A head makes it.
            if head == nil || FilePath.exists(named) { return FilePath.absolute(named) }
            throw ClusterError(
                .invalidArgument,
                "there is no secret in \(named)",
                hint:
                    "copy the file with the head's secret to this machine, and name the copy with --secret-file"
            )
        }
        let usual = "\(directory)/secret"
        guard let head, !FilePath.exists(usual) else { return usual }
        // A second node on a machine has the secret of the first.
        if let known = try? ClusterAddress("\(head)"),
            case .secret(let path) = known.card.node?.network.security
        {
            return path
        }
        throw ClusterError(
            .invalidArgument,
            "there is no secret in \(usual)",
            hint:
                "copy the file secret of the head's folder, which manta start --head names, to this machine, and "
                + "name the copy with --secret-file"
        )
    }

    private static func checkFree(_ directory: String) throws(ClusterError) {
        guard SessionCard.isLive(directory) else { return }
        throw ClusterError(
            .invalidArgument,
            "a node runs in \(directory) already"
                + (NodeFolder.processID(in: directory).map { " (process \($0))" } ?? ""),
            hint:
                "stop it with manta stop --directory \(directory), or give this one another --port and --directory"
        )
    }

    /// Where objects are spilled to; `nil`: nowhere.
    private static func spillDirectory(_ setup: NodeSetup) -> String? {
        guard let folder = setup.spillDirectory else { return ClusterConfiguration.default.spillDirectory }
        return folder == "none" ? nil : FilePath.absolute(folder)
    }

    /// Else it would be known when memory is full, hours later.
    private static func checkSpilling(to folder: String?) throws(ClusterError) {
        guard let folder, let reason = FilePath.obstacle(toFilesIn: folder) else { return }
        throw ClusterError(
            .invalidArgument,
            "objects cannot be spilled to \(folder): \(reason)",
            hint:
                "name a folder that can be written to with --spill-directory, or none: then what does not fit in memory "
                + "is refused"
        )
    }

    // MARK: What the daemon is told

    func options(_ logger: Logger) throws(ClusterError) -> NodeDaemonOptions {
        var configuration = ClusterConfiguration.default
        if let size = setup.storeCapacity { configuration.storeCapacity = size.value }
        configuration.spillDirectory = Self.spillDirectory(setup)
        configuration.resources =
            setup.resources?.applied(to: configuration.resources) ?? configuration.resources
        configuration.labels = LabelList.merged(setup.labels)
        try configuration.check()
        var options = NodeDaemonOptions(
            directory: directory,
            bind: bind,
            heads: heads,
            security: security,
            configuration: configuration,
            logger: logger
        )
        options.advertisedHost = network.advertised
        if let silence = setup.silence { options.liveness = NodeLiveness(bound: silence) }
        return options
    }

    var logLevel: Logger.Level { setup.logLevel ?? ClusterConfiguration.default.logLevel }

    /// Makes the secret of a cluster that has none.
    ///
    /// - Parameters:
    ///   - isNew: Whether nobody can have had one before.
    ///   - logger: For what its users have to know.
    /// - Throws: ``ClusterError`` when it cannot be written.
    func makeSecret(isNew: Bool, _ logger: Logger) throws {
        guard heads.isEmpty, case .secret(let path) = security, !FilePath.exists(path) else { return }
        try ClusterSecret.generate().write(to: path)
        guard !isNew else { return }
        logger.warning(
            "the cluster's secret was gone, and this is a new one: whoever has the old one is refused until it has this",
            metadata: ["secret": "\(path)"]
        )
    }

    /// Opens what a head needs.
    func headRole() throws(ClusterError) -> HeadRole {
        switch role {
        case .node: .none
        case .head: .stored(try SQLiteStorage(in: dataDirectory))
        case .candidate(let etcd, let cluster):
            .candidate(try EtcdElection(endpoints: etcd, cluster: cluster))
        }
    }

    func summary(_ address: NodeAddress, isNew: Bool, processID: Int32) -> StartSummary {
        StartSummary(
            kind: {
                switch role {
                case .node: .node
                case .head: isNew ? .newHead : .head
                case .candidate: .candidate
                }
            }(),
            address: "\(address)",
            heads: {
                if case .node = role { heads } else { [address] + heads.filter { $0 != address } }
            }().map { "\($0)" },
            isLocal: network.isLocal,
            localName: network.localName,
            directory: directory,
            isUsualFolder: NodeFolder.all.contains(directory),
            logPath: logPath,
            secret: {
                guard case .secret(let path) = security else { return nil }
                return path
            }(),
            processID: processID
        )
    }
}
