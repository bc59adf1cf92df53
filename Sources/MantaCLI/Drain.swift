internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Takes a node out of service.
struct Drain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a node out of service: its actors end in order, or move to other nodes.",
        usage: "manta drain <node> [<options>]",
        discussion: """
            Nothing is placed on the node any more. Actors that may be restarted go on elsewhere, which does not count \
            against their restarts; the others end. Returns when none is left; then stop the node on its machine.
            """
    )

    @Argument(
        help: ArgumentHelp("The node, by its identifier or address in manta list nodes.", valueName: "node")
    )
    var node: String

    @OptionGroup
    var cluster: ClusterPlace

    @Option(
        help: ArgumentHelp(
            "How many seconds calls in progress may take. (default: 60)",
            valueName: "seconds"
        ),
        transform: { try Duration(secondsText: $0) }
    )
    var timeout: Duration?

    func run() async throws {
        let limit = timeout ?? .seconds(60)
        try await cluster.ask(within: .seconds(10)) { observer in
            let id = try await Self.find(node, observer)
            try await observer.drain(id, within: limit)
            Console.print("\(id) is drained: nothing runs on it, and nothing will be placed there")
        }
    }

    private static func find(_ text: String, _ observer: ClusterObserver) async throws -> NodeID {
        let nodes = try await observer.nodes()
        if let node = nodes.first(where: { "\($0.id)" == text || $0.address == text }) { return node.id }
        throw ClusterError(
            .invalidArgument,
            "\"\(text)\" is not a node of the cluster",
            hint: "manta list nodes lists those that are, with their addresses"
        )
    }
}
