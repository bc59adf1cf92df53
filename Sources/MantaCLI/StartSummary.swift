/// What `manta start` tells of a node that it has started.
package struct StartSummary: Hashable, Sendable, Codable {
    package var isHead: Bool
    /// Whether a head begins with an empty directory.
    package var isNew: Bool
    package var address: String
    /// That of the head.
    package var head: String
    /// Whether only this machine can reach it.
    package var isLocal: Bool
    package var directory: String
    package var logPath: String
    /// Of a cluster with a secret.
    package var secret: String?
    package var processID: Int32

    package init(
        isHead: Bool,
        isNew: Bool,
        address: String,
        head: String,
        isLocal: Bool,
        directory: String,
        logPath: String,
        secret: String?,
        processID: Int32
    ) {
        self.isHead = isHead
        self.isNew = isNew
        self.address = address
        self.head = head
        self.isLocal = isLocal
        self.directory = directory
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
        if isHead { lines += ["", "To add a machine:"] + joining }
        lines += [
            "", "Programs on this machine join with:", "  export MANTA_ADDRESS=\(head)",
        ]
        lines += ["", "manta status shows the cluster; manta stop --directory \(directory) ends this node."]
        return lines
    }

    private var title: String {
        guard isHead else { return "A node runs at \(address), of the cluster at \(head)." }
        return isNew
            ? "The head of a new cluster runs at \(address)."
            : "The head runs at \(address), and goes on with the directory in its folder."
    }

    private var joining: [String] {
        guard !isLocal else {
            return [
                "  This head is for this machine alone. Stop it, and start it with --bind 0.0.0.0, or with the",
                "  address of one network, to have other machines join.",
            ]
        }
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
