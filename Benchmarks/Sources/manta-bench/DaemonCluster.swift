import CFloor
import FoundationEssentials
import Glibc

/// Daemons on this machine that are the nodes of a cluster; the first one is the head. All of it is in one temporary
/// folder.
struct DaemonCluster {
    let nodes: [DaemonNode]

    /// Names the cluster that a program joins.
    static let addressVariable = "MANTA_ADDRESS"
    private static let variable = "MANTA_BENCH_DAEMONS"

    /// Starts a cluster, and removes all of it when `body` ends, also when that is because of Ctrl-C: the program ends
    /// then.
    ///
    /// - Parameters:
    ///   - count: How many nodes it has.
    ///   - program: What they run.
    ///   - isPinned: Whether all of their processes share the last core.
    ///   - entry: The node on whose machine the driver is.
    ///   - body: Takes the variables that have a program join the cluster as a driver.
    /// - Throws: ``BenchmarkError`` when a node does not start, and what `body` throws.
    static func with(
        nodes count: Int,
        of program: MantaProgram,
        isPinned: Bool,
        entry: Int = 0,
        _ body: ([String: String]) throws -> Void
    ) throws {
        cfloor_catch_signals()
        try check(cfloor_adopt_orphans(), "adopt the processes of daemons that end")
        // The program ends here when a signal is why `body` has ended.
        defer { cfloor_end_as_caught() }
        let folder = try makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var nodes: [DaemonNode] = []
        defer { stop(nodes) }
        for index in 0..<count {
            nodes.append(
                try DaemonNode(
                    program,
                    folder: "\(folder)/node-\(index)",
                    secret: "\(folder)/secret",
                    head: nodes.first?.port,
                    core: isPinned ? cfloor_last_core() : nil
                )
            )
            try nodes[index].start()
        }
        let own = String(decoding: try JSONEncoder().encode(nodes), as: UTF8.self)
        do {
            try body([
                addressVariable: nodes[0].address, "MANTA_DIRECTORY": nodes[entry].folder, variable: own,
            ])
        } catch {
            if cfloor_caught_signal() == 0 {
                for node in nodes {
                    Progress.note("the node at \(node.address) wrote:\n\(try node.written())")
                }
            }
            throw error
        }
    }

    /// The one that this process was started in.
    init() throws {
        guard let text = getenv(Self.variable) else {
            throw BenchmarkError(description: "\(Self.variable) is not set, as manta-bench itself does")
        }
        nodes = try JSONDecoder().decode([DaemonNode].self, from: Data(String(cString: text).utf8))
    }

    private static func makeFolder() throws -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/manta-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BenchmarkError(description: "cannot make a folder in \(parent): error \(errno)")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The head last, so that the others can leave it.
    private static func stop(_ nodes: [DaemonNode]) {
        for node in nodes.reversed() { node.stop() }
        // Those that a measurement has started in the place of others, and what has outlived its daemon.
        while let children = try? ProcessTree.children(), !children.isEmpty {
            for child in children { kill(child, SIGKILL) }
            for child in children { waitpid(child, nil, 0) }
        }
    }
}
