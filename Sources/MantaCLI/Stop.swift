internal import ArgumentParser
internal import Manta
internal import MantaCore

/// Stops nodes of this machine.
struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Stop the node of this machine.",
        usage: "manta stop [<options>]",
        discussion: """
            Its actors end in order, then its workers, then the node. One that does not end in time is killed. While a \
            head is stopped, what runs on other nodes goes on, and it is all there when the head is started again.
            """
    )

    @OptionGroup
    var choice: NodeChoice

    @Flag(help: "Stop all nodes of this machine in the usual folders; none is fine.")
    var all = false

    @Option(
        help: ArgumentHelp("How many seconds a node has to end. (default: 30)", valueName: "seconds"),
        transform: { try Duration(secondsText: $0) }
    )
    var timeout: Duration?

    func validate() throws {
        guard !all || choice.named == nil else {
            throw ValidationError("--all is for all nodes: leave --directory and --port away.")
        }
    }

    func run() async throws {
        let limit = timeout ?? .seconds(30)
        guard all else {
            Console.print(try NodeStop(in: try choice.folder()).run(within: limit))
            return
        }
        let folders = NodeChoice.live
        if folders.isEmpty { Console.print("no node runs on this machine") }
        // Heads last: the others leave in order while there is somebody to tell.
        let heads = folders.filter { (try? SessionCard(in: $0))?.isOfHead ?? false }
        for folder in folders.filter({ !heads.contains($0) }) + heads {
            Console.print(try NodeStop(in: folder).run(within: limit))
        }
    }
}
