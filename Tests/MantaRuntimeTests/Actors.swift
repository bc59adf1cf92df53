import Dispatch
import Distributed
import MantaCore
import MantaRuntime
import MantaTransport
import Synchronization

/// Opens once; whoever waits goes on.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiters.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// What the actors of a test have done, in the process of the test itself.
final class Diary: Sendable {
    private let state = Mutex<[String]>([])
    let latch = Latch()
    /// Blocks a thread, where a test wants that.
    let barrier = DispatchSemaphore(value: 0)

    var entries: [String] { state.withLock { $0 } }
    func write(_ entry: String) { state.withLock { $0.append(entry) } }
}

struct Mistake: Error, Codable, Equatable { var number: Int }
private struct PrivateMistake: Error, Codable { var number: Int }
private struct Uncodable: Error, CustomStringConvertible { var description: String { "not to be encoded" } }

/// Its encoding throws.
struct Unencodable: Codable, Sendable {
    struct Refusal: Error {}
    func encode(to encoder: any Encoder) throws { throw Refusal() }
}

/// What a method sees of the call that it serves.
struct Served: Codable, Sendable {
    var secondsLeft: Double
    var secondsLeftInTask: Double
    var isOnLane: Bool
}

/// An actor on a lane.
distributed actor Resident: Spawnable {
    typealias ActorSystem = ClusterSystem

    let diary = Diary()
    private var value = 0

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func add(_ a: Int, _ b: Int) -> Int { a + b }
    distributed func note(_ number: Int) { diary.write("\(number)") }
    distributed func noted() -> [String] { diary.entries }
    distributed func nothing() {}
    distributed func fail(_ number: Int) throws { throw Mistake(number: number) }
    distributed func failPrivately() throws { throw PrivateMistake(number: 1) }
    distributed func failUncodably() throws { throw Uncodable() }
    distributed func giveUp() throws { throw CancellationError() }
    distributed func unencodable() -> Unencodable { Unencodable() }
    distributed func bytes(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }
    distributed func count(_ bytes: [UInt8]) -> Int { bytes.count }
    distributed func echo<T: Codable & Sendable>(_ value: T) -> T {
        diary.write("echo \(value)")
        return value
    }
    distributed func pair<A: Codable & Sendable, B: Codable & Sendable>(_ a: A, _ b: B) -> [String] {
        ["\(a)", "\(b)"]
    }
    distributed func mistype() -> Int { 0 }

    /// Writes down that it starts, and waits until the test lets it go on.
    distributed func hold(_ number: Int) async -> Int {
        diary.write("\(number)")
        await diary.latch.wait()
        return number
    }

    /// Holds its thread until the test lets it go on.
    distributed func block() { diary.barrier.wait() }

    /// Ends when it is cancelled.
    distributed func waitForCancellation() async throws {
        diary.write("started")
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(600)) }
        diary.write("cancelled")
        throw CancellationError()
    }

    distributed func served() async -> Served {
        let inTask = await Task { Served.secondsLeft() }.value
        return Served(
            secondsLeft: Served.secondsLeft(),
            secondsLeftInTask: inTask,
            isOnLane: actorSystem.lane(for: id).isCurrent
        )
    }

    distributed func callBack(_ other: Resident, _ number: Int) async throws -> Int {
        try await other.add(number, 1)
    }
}

extension Served {
    static func secondsLeft() -> Double { CallContext.deadline(from: Lane.now).since(Lane.now) / .seconds(1) }
}

/// An actor on the default executor.
distributed actor Plain {
    typealias ActorSystem = ClusterSystem

    let diary = Diary()

    init(actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func add(_ a: Int, _ b: Int) -> Int { a + b }
    distributed func note(_ number: Int) { diary.write("\(number)") }
    distributed func fail(_ number: Int) throws { throw Mistake(number: number) }
    distributed func hold(_ number: Int) async -> Int {
        diary.write("\(number)")
        await diary.latch.wait()
        return number
    }
    distributed func waitForCancellation() async throws {
        diary.write("started")
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(600)) }
        diary.write("cancelled")
        throw CancellationError()
    }
    distributed func served() async -> Served {
        let inTask = await Task { Served.secondsLeft() }.value
        return Served(secondsLeft: Served.secondsLeft(), secondsLeftInTask: inTask, isOnLane: false)
    }
}

/// Has a method of the same shape as `Resident`'s, which must not run on it.
distributed actor Stranger: Spawnable {
    typealias ActorSystem = ClusterSystem

    private var secret = "kept"

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    distributed func add(_ a: Int, _ b: Int) -> Int { -1 }
    distributed func reveal() -> String { secret }
}

/// A generic actor.
distributed actor Box<Value: Codable & Sendable> {
    typealias ActorSystem = ClusterSystem

    private var value: Value
    let diary = Diary()

    init(_ value: Value, actorSystem: ClusterSystem) {
        self.actorSystem = actorSystem
        self.value = value
    }

    distributed func get() -> Value {
        diary.write("get")
        return value
    }
    distributed func put(_ value: Value) {
        diary.write("put")
        self.value = value
    }
}

extension Box where Value == Int {
    distributed func double() -> Int {
        diary.write("double")
        value *= 2
        return value
    }
}

enum Outer {
    distributed actor Inner {
        typealias ActorSystem = ClusterSystem

        init(actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

        distributed func name() -> String { "inner" }
    }
}
