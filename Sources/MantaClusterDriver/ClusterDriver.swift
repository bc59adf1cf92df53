import Manta

/// A program like a user's, for tests and benchmarks of clusters of several machines: does what its first argument says.
@main
struct ClusterDriver {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        try await ClusterSystem.run { cluster in
            switch arguments.first {
            case "calls": try await calls(cluster, nodeCount: Int(arguments[1]) ?? 1)
            case "survive": try await Survival(cluster: cluster).run(seconds: Double(arguments[1]) ?? 1)
            case "objects": try await objects(cluster, megabytes: Int(arguments[1]) ?? 1)
            case "hold": try await hold(cluster)
            case "trouble": try await Trouble(cluster: cluster).run()
            case "pull":
                try await pull(cluster, megabytes: Int(arguments[1]) ?? 1, isRandom: arguments[2] == "random")
            case "headless": try await Headless(cluster: cluster).run()
            case "witnesses": try await witnesses(cluster, holds: arguments.contains("hold"))
            case "heirs": try await heirs(cluster)
            case "feed": try await SlowNeighbor(cluster: cluster).feed()
            case "drain": try await SlowNeighbor(cluster: cluster).drain()
            case "steady":
                try await Steady(cluster: cluster, prefix: arguments[1], stopFile: arguments[2]).open()
            case "follow":
                try await Steady(cluster: cluster, prefix: arguments[1], stopFile: arguments[2]).follow()
            case "orphan": try await Orphan(cluster: cluster).run()
            case "chaos":
                try await ChaosDriver(cluster, folder: arguments[1])
                    .run(accounts: Int(arguments[2]) ?? 1, clients: Int(arguments[3]) ?? 1)
            default: say("unknown scenario \(arguments)")
            }
        }
    }

    /// An actor on each node, each calls each.
    private static func calls(_ cluster: ClusterSystem, nodeCount: Int) async throws {
        let nodes = try await cluster.nodes()
        say("nodes \(nodes.count)")
        var echoes: [Echo] = []
        for node in nodes {
            let options = ActorOptions(placement: .node(node.id))
            echoes.append(try await cluster.spawn(Echo.self, options: options))
        }
        var answers = 0
        for echo in echoes {
            for other in echoes where try await echo.relay("hello", to: other) == "hello" { answers += 1 }
        }
        say("answers \(answers)")
    }

    /// Spawns an actor that ends with this driver and one that does not, and waits to be killed.
    private static func hold(_ cluster: ClusterSystem) async throws {
        _ = try await cluster.spawn(Counter.self, options: ActorOptions(name: "mortal", placement: .spread))
        let options = ActorOptions(name: "lasting", lifetime: .detached, restarts: .always)
        _ = try await cluster.getOrSpawn(Counter.self, named: "lasting", options: options)
        say("holding")
        try await Task.sleep(for: .seconds(600))
    }

    /// An object made on each node is read on each.
    private static func objects(_ cluster: ClusterSystem, megabytes: Int) async throws {
        var stores: [Store] = []
        for node in try await cluster.nodes() {
            stores.append(
                try await cluster.spawn(Store.self, options: ActorOptions(placement: .node(node.id)))
            )
        }
        for isRandom in [true, false] {
            for maker in stores {
                let object = try await maker.make(megabytes << 17, isRandom: isRandom)
                let expected = try await maker.sum(object)
                for reader in stores {
                    let start = ContinuousClock.now
                    guard try await reader.sum(object) == expected else { throw Survival.Lost(name: "bytes") }
                    let kind = isRandom ? "random" : "plain"
                    say("read \(megabytes) MiB \(kind) in \(milliseconds(ContinuousClock.now - start)) ms")
                }
                try await maker.drop()
            }
        }
        say("all read")
    }

    /// What is left of `hold`.
    private static func heirs(_ cluster: ClusterSystem) async throws {
        for _ in 0..<1_000 {
            let mortal = try? await cluster.find(Counter.self, named: "mortal")
            if mortal == nil { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        do {
            _ = try await cluster.find(Counter.self, named: "mortal")
        } catch let error as ClusterError where error.code == .noSuchActor {
            say("mortal has ended")
        }
        let lasting = try await cluster.find(Counter.self, named: "lasting")
        _ = try await withCallOptions(retries: 100, retryUnknown: true) { try await lasting.increment(by: 1) }
        say("lasting answers")
    }

    /// What is made on the second node is read on the third.
    private static func pull(_ cluster: ClusterSystem, megabytes: Int, isRandom: Bool) async throws {
        var stores: [Store] = []
        for node in try await cluster.nodes().dropFirst() {
            stores.append(
                try await cluster.spawn(Store.self, options: ActorOptions(placement: .node(node.id)))
            )
        }
        let made = try await stores[0].make(megabytes << 17, isRandom: isRandom)
        say("pulling")
        do {
            let start = ContinuousClock.now
            _ = try await withCallOptions(timeout: .seconds(120)) { try await stores[1].sum(made) }
            say("pulled in \(milliseconds(ContinuousClock.now - start)) ms")
        } catch let error as ClusterError {
            say("not pulled: \(error.code)")
        }
    }
}
