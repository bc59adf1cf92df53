import Distributed
import Glibc
import Manta

// The actors that the tests of this target spawn. Internal and at the top level or in a type: workers look
// them up by name.

distributed actor Counter: Spawnable {
    struct Arguments: Codable, Sendable { var start = 0 }
    private var value: Int

    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        value = arguments.start
    }

    distributed var current: Int { value }
    distributed func increment(by step: Int = 1) -> Int {
        value += step
        return value
    }
    // Overloads by type and by label.
    distributed func add(_ step: Int) -> String {
        value += step
        return "int"
    }
    distributed func add(_ step: String) -> String {
        value += Int(step) ?? 0
        return "string"
    }
    distributed func add(twice step: Int) -> String {
        value += 2 * step
        return "twice"
    }
    distributed func echo<T: Codable & Sendable>(_ value: T) -> T { value }
    distributed func pair<A: Codable & Sendable & Hashable, B: Codable & Sendable>(_ key: A, _ value: B)
        -> [A: B]
    {
        [key: value]
    }
    distributed func processID() -> Int32 { getpid() }
    distributed func threadName() -> String {
        let file = open("/proc/thread-self/comm", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var name = [UInt8](repeating: 0, count: 32)
        let count = read(file, &name, name.count)
        return String(decoding: name[..<max(0, count - 1)], as: UTF8.self)
    }
    distributed func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    // Ends of a process.
    distributed func trap() { preconditionFailure("the test asked for it") }
    distributed func leave(_ code: Int32) { exit(code) }
    distributed func print(_ line: String) { Swift.print(line) }

    // References.
    distributed func incrementOther(_ other: Counter, by step: Int) async throws -> Int {
        try await other.increment(by: step)
    }
    distributed func incrementThrough(_ other: Counter, _ last: Counter) async throws -> Int {
        try await other.incrementOther(last, by: 1)
    }
    distributed func incrementAll(_ others: [String: Counter]) async throws -> [String: Int] {
        var results: [String: Int] = [:]
        for (name, other) in others { results[name] = try await other.increment(by: 1) }
        return results
    }
    distributed func me() -> Counter { self }
    distributed func spawnAnother(start: Int) async throws -> Counter {
        try await actorSystem.spawn(Counter.self, Arguments(start: start))
    }
    distributed func localHelper() -> Helper {
        let helper = Helper(actorSystem: actorSystem)
        helpers.append(helper)
        return helper
    }
    private var helpers: [Helper] = []
    distributed func greet(through greeter: $Greeter) async throws -> String {
        try await greeter.greet("counter")
    }

    // Time.
    distributed func sleep(milliseconds: Int) async throws -> String {
        try await Task.sleep(for: .milliseconds(milliseconds))
        return "slept"
    }
    distributed func waitForCancellation() async -> Bool {
        hasBegun = true
        while !Task.isCancelled { await Task.yield() }
        wasCancelled = true
        return true
    }
    distributed func large() async -> [UInt8] {
        _ = await waitForCancellation()
        return [UInt8](repeating: 1, count: 300_000)
    }
    distributed func askForLarge(_ other: Counter) async throws -> Int { try await other.large().count }
    distributed var sawCancellation: Bool { wasCancelled }
    distributed var isWaiting: Bool { hasBegun }
    private var hasBegun = false
    private var wasCancelled = false
    distributed func callSlowly(_ other: Counter) async throws -> String {
        try await other.sleep(milliseconds: 60_000)
    }
    distributed func hold(milliseconds: Int) { usleep(UInt32(milliseconds) * 1000) }
}

/// Errors of the three kinds.
enum Refusal: Error, Codable, Equatable {
    case tooLarge(limit: Int)
    case closed
}
struct Opaque: Error { var reason: String }

distributed actor Thrower: Spawnable {
    struct Arguments: Codable, Sendable { var failsInInit = false }
    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        if arguments.failsInInit { throw Refusal.tooLarge(limit: 7) }
    }
    distributed func refuse() throws { throw Refusal.tooLarge(limit: 3) }
    distributed func refuseTyped() throws(Refusal) -> Int { throw .closed }
    distributed func opaque() throws { throw Opaque(reason: "no words") }
}

/// Ends its process before it is made.
distributed actor Doomed: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        preconditionFailure("doomed from the start")
    }
}

distributed actor Nester: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }
    distributed func nest() async throws -> Int { try await ClusterSystem.run { _ in 5 } }
}

distributed actor Box<Value: Codable & Sendable>: Spawnable {
    struct Arguments: Codable, Sendable { var value: Value }
    private var value: Value
    init(_ arguments: Arguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        value = arguments.value
    }
    distributed func swap(_ new: Value) -> Value {
        defer { value = new }
        return value
    }
    distributed func generic<T: Codable & Sendable>(_ other: T) -> T { other }
}

enum Outer {
    distributed actor Nested: Spawnable {
        init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws {
            self.actorSystem = actorSystem
        }
        distributed func name() -> String { "nested" }
        distributed func first<C: Collection & Codable & Sendable>(of items: C, or other: C.Element) -> Int
        where C.Element: Codable & Sendable { items.count }
    }
}

@Resolvable
protocol Greeter: DistributedActor where ActorSystem == ClusterSystem {
    distributed func greet(_ name: String) -> String
}

extension Greeter {
    distributed func greetTwice(_ name: String) -> String {
        let greeting = greet(name)
        return greeting + greeting
    }
}

distributed actor English: Spawnable, Greeter {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }
    distributed func greet(_ name: String) -> String { "hello \(name)" }
}

/// Not spawnable: lives where it is created, on the default executor.
distributed actor Helper {
    private var calls: [Int] = []
    distributed func note(_ number: Int) -> Int {
        calls.append(number)
        return calls.count
    }
    distributed var noted: [Int] { calls }
    distributed func processID() -> Int32 { getpid() }
}

private distributed actor Hidden: Spawnable {
    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws { self.actorSystem = actorSystem }
}

func spawnHidden(_ cluster: ClusterSystem) async throws { _ = try await cluster.spawn(Hidden.self) }
