import Glibc
import Manta

distributed actor Pinger: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }
    distributed func processID() -> Int32 { getpid() }
    distributed func say(_ line: String) { print(line) }
    distributed func hold(milliseconds: UInt32) { usleep(milliseconds * 1000) }
}

struct BodyFailed: Error {}

/// Starts a cluster, says `ready` and the process ids of two workers, and then does what its argument says.
@main
struct TestDriver {
    static func main() async throws {
        let scenario = CommandLine.arguments.dropFirst().first ?? "wait"
        switch scenario {
        case "connect": try await connectFromManyTasks()
        case "exit-connected": try await exitConnected()
        case "host": try await host()
        case "join": try await join()
        case "visit":
            try await ClusterSystem.run { cluster in
                _ = try await cluster.spawn(Pinger.self, options: ActorOptions(name: "visitor"))
            }
        case "nodes": try await hostNodes()
        default:
            try await ClusterSystem.run(configuration) { cluster in try await perform(scenario, cluster) }
        }
        say("ended")
    }

    private static var configuration: ClusterConfiguration {
        var configuration = ClusterConfiguration.default
        configuration.nodes = 2
        return configuration
    }

    private static func perform(_ scenario: String, _ cluster: ClusterSystem) async throws {
        let pinger = try await announce(cluster)
        switch scenario {
        case "wait": try await Task.sleep(for: .seconds(600))
        case "return": break
        case "throw": throw BodyFailed()
        case "exit": exit(3)
        case "trap": fatalError("the driver traps")
        case "say":
            try await pinger.say("words of an actor")
            try await pinger.say("more words")
        case "hold":
            try await pinger.hold(milliseconds: 80)
            try await pinger.hold(milliseconds: 1)
        default: throw BodyFailed()
        }
    }

    @discardableResult
    private static func announce(_ cluster: ClusterSystem) async throws -> Pinger {
        let pinger = try await cluster.spawn(Pinger.self, options: ActorOptions(name: "pinger"))
        let alone = try await cluster.spawn(Pinger.self, options: ActorOptions(isolation: .process))
        say("ready", try await pinger.processID(), try await alone.processID())
        return pinger
    }

    private static func connectFromManyTasks() async throws {
        let systems = try await withThrowingTaskGroup(of: ObjectIdentifier.self) { group in
            for _ in 0..<50 {
                group.addTask { ObjectIdentifier(try await ClusterSystem.connect(configuration)) }
            }
            return try await group.reduce(into: Set<ObjectIdentifier>()) { $0.insert($1) }
        }
        let cluster = try await ClusterSystem.connect()
        try await announce(cluster)
        say("systems", systems.count, systems.contains(ObjectIdentifier(cluster)))
        async let first: Void = cluster.shutdown()
        async let second: Void = cluster.shutdown()
        _ = await (first, second)
        // Connected anew after a shutdown, it is another cluster.
        let another = try await ClusterSystem.connect(configuration)
        say("again", another !== cluster, try await another.nodes().count)
        await another.shutdown()
    }

    private static func exitConnected() async throws {
        try await announce(try await ClusterSystem.connect(configuration))
        exit(4)
    }

    /// Runs a cluster that others join.
    private static func host() async throws {
        try await ClusterSystem.run(configuration) { cluster in
            try await announce(cluster)
            say("address", cluster.address ?? "")
            // Waits for the end of one who joins.
            while true {
                let states = try await cluster.actors().filter { $0.name == "owned" || $0.name == "detached" }
                if states.contains(where: { $0.name == "owned" && $0.deathCause == .jobEnded }),
                    states.contains(where: { $0.name == "detached" && $0.state == .alive })
                {
                    break
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            say("the job has ended")
        }
    }

    /// Joins the cluster that the environment names, and waits to be killed.
    private static func join() async throws {
        try await ClusterSystem.run { cluster in
            _ = try await cluster.spawn(Pinger.self, options: ActorOptions(name: "owned"))
            _ = try await cluster.spawn(
                Pinger.self,
                options: ActorOptions(name: "detached", lifetime: .detached)
            )
            let known = try await cluster.find(Pinger.self, named: "pinger")
            say("ready", try await known.processID())
            try await Task.sleep(for: .seconds(600))
        }
    }

    /// Prints a line at once, whatever standard output is.
    static func say(_ words: Any...) {
        print(words.map { "\($0)" }.joined(separator: " "))
        fflush(nil)
    }
}
