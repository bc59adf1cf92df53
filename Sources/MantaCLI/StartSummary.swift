/// What `manta start` tells of a node that it has started.
package struct StartSummary: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable {
        /// A head that begins with an empty directory.
        case newHead
        /// A head that goes on.
        case head
        /// It may be elected.
        case candidate
        case node
    }

    package var kind: Kind
    package var address: String
    /// Where the head is, or may be.
    package var heads: [String]
    /// Whether only this machine can reach it.
    package var isLocal: Bool
    /// What was said of how others reach it, which is why they do not.
    package var localName: String?
    package var directory: String
    /// Whether it is one of those in which programs look for the nodes of their machine.
    package var isUsualFolder: Bool
    package var logPath: String
    /// Of a cluster with a secret.
    package var secret: String?
    package var processID: Int32

    package init(
        kind: Kind,
        address: String,
        heads: [String],
        isLocal: Bool,
        localName: String? = nil,
        directory: String,
        isUsualFolder: Bool = true,
        logPath: String,
        secret: String?,
        processID: Int32
    ) {
        self.kind = kind
        self.address = address
        self.heads = heads
        self.isLocal = isLocal
        self.localName = localName
        self.directory = directory
        self.isUsualFolder = isUsualFolder
        self.logPath = logPath
        self.secret = secret
        self.processID = processID
    }

    package var lines: [String] {
        var lines = [
            title,
            "  process  \(processID)",
            "  folder   \(directory)",
            "  log      \(logPath)",
        ]
        if let secret { lines.append("  secret   \(secret)") }
        if kind != .node { lines += ["", "To add a machine:"] + joining }
        lines += [
            "", "Programs on this machine join with:",
            "  export MANTA_ADDRESS=\(heads.joined(separator: ","))",
        ]
        // Programs look for it nowhere else.
        if !isUsualFolder { lines.append("  export MANTA_DIRECTORY=\(directory)") }
        lines += ["", "manta status shows the cluster; manta stop --directory \(directory) ends this node."]
        return lines
    }

    private var title: String {
        switch kind {
        case .newHead: "The head of a new cluster runs at \(address)."
        case .head: "The head runs at \(address), and goes on with the directory in its folder."
        case .candidate: "A node that may be the head runs at \(address)."
        case .node: "A node runs at \(address), of the cluster at \(heads.joined(separator: ", "))."
        }
    }

    private var joining: [String] {
        if isLocal, let localName {
            return [
                "  --advertise \(localName) names this machine alone: others cannot reach the node by it. Stop the",
                "  node, and start it with what they reach this machine by, or without --advertise.",
            ]
        }
        guard !isLocal else {
            return [
                "  This node is for this machine alone. Stop it, and start it with --bind 0.0.0.0, or with the",
                "  address of one network, to have other machines join.",
            ]
        }
        let address = heads.joined(separator: ",")
        guard let secret else {
            return [
                "  manta start --address \(address) --tls-cert FILE --tls-key FILE --tls-ca FILE",
                "  there, with a certificate that the same authority has signed.",
            ]
        }
        return [
            "  scp -p \(secret) HOST:manta-secret       # whoever has it can run code in the cluster",
            "  manta start --address \(address) --secret-file manta-secret       # on that machine",
        ]
    }
}
