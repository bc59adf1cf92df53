internal import ArgumentParser
internal import Logging
internal import MantaCore

/// What `manta start` can be told of a node.
struct NodeSetup: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Its port, the only one that others need to reach; 0 takes a free one. (default: \(NodeAddress.defaultPort))",
            valueName: "n"
        )
    )
    var port: UInt16?

    @Option(
        help: ArgumentHelp(
            "Where to listen, in numbers; 0.0.0.0 for all addresses. (default: of a head 127.0.0.1, for this machine "
                + "alone; of a node the address by which it reaches the head)",
            valueName: "address"
        )
    )
    var bind: String?

    @Option(
        help: ArgumentHelp(
            "By what others reach this machine. (default: where it listens)",
            valueName: "host"
        )
    )
    var advertise: String?

    @Option(
        help: ArgumentHelp(
            "What it offers, such as '{\"cpu\": 4, \"memory\": \"8GiB\", \"tpu\": 2}'; 0 takes one away. What is not "
                + "named stays as it is. (default: the machine's processors and memory)",
            valueName: "json"
        ),
        transform: { try ResourceOffer($0) }
    )
    var resources: ResourceOffer?

    @Option(
        help: ArgumentHelp(
            "Labels by which actors choose nodes, such as zone=a,disk=ssd.",
            valueName: "k=v,…"
        ),
        transform: { try LabelList($0) }
    )
    var labels: [LabelList] = []

    @Option(
        help: ArgumentHelp(
            "How much the objects in its store may take, such as 8GiB. (default: 30% of the memory)",
            valueName: "size"
        ),
        transform: { try ByteCount($0) }
    )
    var storeCapacity: ByteCount?

    @Option(
        help: ArgumentHelp(
            "Where objects go that the store has no room for; none: nowhere. (default: $TMPDIR, else /tmp)",
            valueName: "path"
        ),
        completion: .directory
    )
    var spillDirectory: String?

    @Option(
        help: ArgumentHelp(
            "Its folder: sockets, logs, data. (default: ~/.manta/node-<port>)",
            valueName: "path"
        ),
        completion: .directory
    )
    var directory: String?

    @Option(
        help: ArgumentHelp(
            "The file with the cluster's secret, which a head makes if there is none. (default: secret in the folder)",
            valueName: "file"
        ),
        completion: .file()
    )
    var secretFile: String?

    @Option(
        help: ArgumentHelp("This node's certificate, in PEM: instead of a secret.", valueName: "file"),
        completion: .file(extensions: ["pem", "crt"])
    )
    var tlsCert: String?

    @Option(
        help: ArgumentHelp("The key of its certificate, in PEM.", valueName: "file"),
        completion: .file(extensions: ["pem", "key"])
    )
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "The authority that has signed the certificates of all nodes, in PEM.",
            valueName: "file"
        ),
        completion: .file(extensions: ["pem", "crt"])
    )
    var tlsCa: String?

    @Option(
        help: ArgumentHelp(
            "What the log tells: trace, debug, info, notice, warning, error or critical. (default: info)",
            valueName: "level"
        ),
        completion: .list(Logger.Level.allCases.map(\.rawValue)),
        transform: { text in
            guard let level = Logger.Level(rawValue: text) else {
                throw OptionError(
                    "\"\(text)\" is no level: it is one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            return level
        }
    )
    var logLevel: Logger.Level?

    @Option(
        help: ArgumentHelp(
            "How many seconds a node may say nothing before it is declared dead. (default: 3)",
            valueName: "seconds"
        ),
        transform: { try Duration(secondsText: $0) }
    )
    var silence: Duration?

    func validate() throws {
        let given = [tlsCert, tlsKey, tlsCa].filter { $0 != nil }.count
        guard given == 0 || given == 3 else {
            throw ValidationError(
                "--tls-cert, --tls-key and --tls-ca belong together: give all three, or none."
            )
        }
        guard given == 0 || secretFile == nil else {
            throw ValidationError(
                "A cluster has either certificates or a secret: leave --secret-file or --tls-… away."
            )
        }
    }
}
