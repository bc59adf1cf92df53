import Distributed
import Glibc
import Manta

/// A service that is restarted: it writes down its life in a file, and dies on request.
distributed actor Service: Spawnable {
    struct Arguments: Codable, Sendable {
        /// Where it writes a line for each thing that happens to it.
        var journal: String?
        /// A file that makes `init` throw while it is there.
        var poison: String?
        /// A file that makes `init` trap while it is there.
        var mine: String?
    }
    private let journal: String?
    private var calls = 0
    private var children: [Counter] = []

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        journal = arguments.journal
        note("init")
        if let poison = arguments.poison, access(poison, F_OK) == 0 { throw Refusal.closed }
        if let mine = arguments.mine, access(mine, F_OK) == 0 {
            print("stepping on a mine")
            preconditionFailure("a mine")
        }
    }

    func willStop() async { note("willStop after \(calls)") }

    distributed func call() -> Int {
        calls += 1
        return calls
    }
    distributed func processID() -> Int32 { getpid() }
    distributed func slow(milliseconds: Int) async throws -> Int {
        note("slow")
        try await Task.sleep(for: .milliseconds(milliseconds))
        calls += 1
        return calls
    }
    distributed func stopYourself() async throws -> String {
        try await actorSystem.stop(self)
        return "stopping"
    }
    distributed func spawnChild(_ name: String, _ lifetime: Lifetime) async throws -> Counter {
        let options = ActorOptions(name: name, lifetime: lifetime)
        let child = try await actorSystem.spawn(Counter.self, .init(start: 1), options: options)
        children.append(child)
        return child
    }
    distributed func find(_ name: String) async throws -> Counter {
        try await actorSystem.find(Counter.self, named: name)
    }
    distributed func outcomeOfFinding(_ name: String) async throws -> ClusterError.Outcome? {
        do {
            _ = try await find(name)
            return nil
        } catch {
            return (error as? ClusterError)?.outcome
        }
    }
    distributed func events(of other: Service, until last: Int) async throws -> [LifecycleEvent] {
        var events: [LifecycleEvent] = []
        for await event in actorSystem.lifecycle(of: other) {
            events.append(event)
            if events.count == last { break }
        }
        return events
    }
    distributed func getOrSpawnAll(_ names: [String]) async throws -> [Counter] {
        try await withThrowingTaskGroup(of: Counter.self) { group in
            let system = actorSystem
            for name in names {
                group.addTask { try await system.getOrSpawn(Counter.self, named: name, .init()) }
            }
            var found: [Counter] = []
            for try await counter in group { found.append(counter) }
            return found
        }
    }

    private func note(_ line: String) {
        guard let journal else { return }
        let file = open(journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(file) }
        let bytes = Array("\(line)\n".utf8)
        _ = write(file, bytes, bytes.count)
    }
}

/// Goes on working after it was told to stop, for as long as a file is there.
distributed actor Stubborn: Spawnable {
    struct Arguments: Codable, Sendable {
        var gate: String
        var blocksInit = false
    }
    private let gate: String

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        gate = arguments.gate
        if arguments.blocksInit { while access(gate, F_OK) == 0 { await Task.yield() } }
    }

    distributed func work() async {
        while access(gate, F_OK) == 0 { await Task.yield() }
    }
    distributed func answer() -> Int { 42 }
}
