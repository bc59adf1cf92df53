internal import ArgumentParser
internal import CMantaShims
internal import Glibc
internal import Logging
internal import Manta
internal import MantaCore
internal import MantaTLS
internal import MantaTransport

/// Starts a node of a cluster on this machine.
struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the head of a new cluster, or a node of one that runs."
    )

    @Flag(help: "Start the head: the directory of the cluster, and a node.")
    var head = false

    @Flag(help: "Stay in the foreground.")
    var block = false

    @Option(help: ArgumentHelp("Join the cluster whose head is there.", valueName: "host:port"))
    var address: String?

    @Option(help: "The port of this node.")
    var port: UInt16 = NodeAddress.defaultPort

    @Option(help: ArgumentHelp("The address to listen at, in numbers.", valueName: "address"))
    var bind = "127.0.0.1"

    @Option(help: ArgumentHelp("The folder of the node.", valueName: "path"))
    var directory: String?

    @Option(help: ArgumentHelp("The file with the cluster's secret.", valueName: "file"))
    var secretFile: String?

    func run() async throws {
        let directory = directory ?? NodeFolder.path(port: port)
        let secret = secretFile ?? "\(directory)/secret"
        if head, access(secret, F_OK) != 0 {
            try NodeFolder.make(directory)
            try ClusterSecret.generate().write(to: secret)
        }
        manta_line_buffer_stdout()
        var logger = Logger(label: "manta.node")
        logger.logLevel = .info
        var configuration = ClusterConfiguration.default
        configuration.logLevel = .info
        let options = NodeDaemonOptions(
            directory: directory,
            bind: NodeAddress(host: bind, port: port),
            heads: try address.map { [try NodeAddress($0)] } ?? [],
            security: .secret(path: secret),
            configuration: configuration,
            logger: logger
        )
        let daemon = try await NodeDaemon.start(options, identity: head ? .new() : nil)
        print("node at \(daemon.address), folder \(directory)")
        _ = await daemon.runUntilSignal()
    }
}
