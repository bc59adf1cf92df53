import Manta

/// A program like a user's, for tests and benchmarks of clusters of several machines: does what its first argument says.
@main
struct ClusterDriver {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        try await ClusterSystem.run { cluster in
            switch arguments.first {
            case "calls": try await calls(cluster, nodeCount: Int(arguments[1]) ?? 1)
            default: print("unknown scenario \(arguments)")
            }
        }
    }

    /// An actor on each node, each calls each.
    private static func calls(_ cluster: ClusterSystem, nodeCount: Int) async throws {
        let nodes = try await cluster.nodes()
        print("nodes \(nodes.count)")
        var echoes: [Echo] = []
        for node in nodes {
            let options = ActorOptions(placement: .node(node.id))
            echoes.append(try await cluster.spawn(Echo.self, options: options))
        }
        var answers = 0
        for echo in echoes {
            for other in echoes where try await echo.relay("hello", to: other) == "hello" { answers += 1 }
        }
        print("answers \(answers)")
    }
}
