internal import ArgumentParser
internal import CMantaShims
internal import Glibc
internal import Logging
internal import Manta
internal import MantaCore

/// Starts a node of a cluster on this machine.
struct Start: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start the head of a cluster, or a node of one that runs.",
        usage: """
            manta start --head [<options>]
            manta start --address <host:port> [<options>]
            """,
        discussion: """
            The node runs in the background, and what it does is in its log; with --block it runs here, until Ctrl-C or \
            SIGTERM. SIGHUP has it open its log anew, after somebody has moved the file away.

            A head begins a new cluster, or goes on with the one whose directory is in its folder. It makes a secret \
            there. Copy that file to the other machines, readable by you alone: whoever \
            has it can run code in the cluster. It authenticates and encrypts all that goes between them (TLS 1.3).

            With --etcd several nodes may be the head, of which etcd elects one: start each with --head, --etcd, and \
            the addresses of the others. When the head is lost, another one goes on within seconds.
            """
    )

    @Flag(help: "Start the head: the directory of the cluster, and a node.")
    var head = false

    @Option(
        help: ArgumentHelp(
            "Join the cluster whose head is there, or at one of several addresses with commas between them.",
            valueName: "host:port"
        ),
        transform: { try AddressList($0) }
    )
    var address: AddressList?

    @Option(
        help: ArgumentHelp(
            "With --head: etcd elects the head and keeps the directory. Its members' URLs, with commas between them.",
            valueName: "url"
        )
    )
    var etcd: String?

    @Option(
        help: ArgumentHelp(
            "With --etcd: the name of the cluster there. (default: default)",
            valueName: "name"
        )
    )
    var cluster: String?

    @OptionGroup(title: "Node Options")
    var setup: NodeSetup

    @Flag(help: "Run here, not in the background.")
    var block = false

    /// This process was started by the one that the user has started.
    @Flag(help: .hidden)
    var detached = false

    func validate() throws {
        guard head || address != nil else {
            throw ValidationError(
                "Say what to start: --head for the head of a cluster, or --address HOST:PORT to join one."
            )
        }
        guard !head || address == nil || etcd != nil else {
            throw ValidationError(
                "--head and --address together are for heads that etcd elects: give --etcd too, or leave one of them away."
            )
        }
        guard etcd == nil || head else {
            throw ValidationError("--etcd is for nodes that may be the head: give --head too.")
        }
        guard cluster == nil || etcd != nil else {
            throw ValidationError("--cluster is a name in etcd: give --etcd too.")
        }
    }

    private var role: StartRole {
        guard head else { return .node }
        let members = etcd?.split(separator: ",").map(String.init)
        return members.map { .candidate(etcd: $0, cluster: cluster ?? "default") } ?? .head
    }

    func run() async throws {
        if detached {
            setsid()
            _ = manta_set_close_on_exec(DetachedProcess.reportDescriptor)
        }
        do {
            let plan = try NodePlan(setup, role, heads: address?.addresses ?? [])
            if block || detached {
                try await serve(plan)
            } else {
                Console.print(try DetachedStart(plan).run().lines)
            }
        } catch let error as ClusterError {
            if detached { DetachedProcess.report(StartNote.failed(error)) }
            throw error
        }
    }

    private func serve(_ plan: NodePlan) async throws {
        try NodeFolder.make(plan.logDirectory)
        let log = try LogFile(at: plan.logPath, followers: detached ? [1, 2] : [])
        let isDetached = detached
        LoggingSystem.bootstrap { label in
            LogFileHandler(label: label) { line in
                log.write(line)
                if !isDetached { Console.write(line, to: 2) }
            }
        }
        var logger = Logger(label: "manta.node")
        logger.logLevel = plan.logLevel
        var options = try plan.options(logger)
        let isNew = !FilePath.exists(plan.dataDirectory)
        try plan.makeSecret(isNew: isNew, logger)
        options.head = try plan.headRole()
        let daemon = try await begin(options)
        let summary = plan.summary(daemon.address, isNew: isNew, processID: getpid())
        if detached {
            // Whoever gave up waiting for the node does not want it.
            guard DetachedProcess.report(StartNote.ready(summary)) else { return await daemon.stop() }
        } else {
            Console.print(summary.lines)
        }
        await run(daemon, log, logger)
    }

    private func begin(_ options: NodeDaemonOptions) async throws -> NodeDaemon {
        guard detached else { return try await NodeDaemon.start(options) }
        // Unstructured, so that it can be cancelled from a thread; it is waited for here.
        let start = Task { [options] in try await NodeDaemon.start(options) }
        DetachedProcess.whenAbandoned { start.cancel() }
        return try await start.value
    }

    private func run(_ daemon: NodeDaemon, _ log: LogFile, _ logger: Logger) async {
        let progress = StopProgress { logger.info("\($0)") }
        // A terminal that goes away ends what runs in it.
        let reopen: @Sendable () -> Void = { log.reopen() }
        let onHangup = detached || isatty(2) == 0 ? reopen : nil
        _ = await daemon.runUntilSignal(onHangup: onHangup, onStop: { progress.begin() })
        progress.end()
    }
}
