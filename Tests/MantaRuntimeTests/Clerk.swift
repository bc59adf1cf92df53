import Distributed
import MantaCore
import MantaRuntime
import MantaTestSupport
import Synchronization
import Testing

/// An actor for tests of turns: its methods suspend in the middle, and note what runs at the same time.
distributed actor Clerk: Spawnable {
    typealias ActorSystem = ClusterSystem

    let diary = Diary()
    let meeting = Shared(Meeting(count: 1))
    private var insideCount = 0
    private var mostInside = 0

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) { self.actorSystem = actorSystem }

    func willStop() async {
        await Task.yield()
        diary.write("will stop")
    }

    distributed func nothing() {}
    distributed func note(_ number: Int) { diary.write("\(number)") }

    /// Gives others every chance to come in between.
    distributed func work(_ number: Int) async -> Int {
        insideCount += 1
        mostInside = max(mostInside, insideCount)
        diary.write("\(number)")
        for _ in 0..<5 { await Task.yield() }
        insideCount -= 1
        return number
    }

    /// Takes its time, so that much can happen meanwhile.
    distributed func linger(_ number: Int) async -> Int {
        diary.write("\(number)")
        try? await Task.sleep(for: .microseconds(number % 4 * 500))
        return number
    }

    /// How many calls of `work` and `hold` have been in progress at once.
    distributed func mostAtOnce() -> Int { mostInside }

    /// Writes down that it starts, and waits until the test lets it go on.
    distributed func hold(_ number: Int) async -> Int {
        insideCount += 1
        mostInside = max(mostInside, insideCount)
        diary.write("\(number)")
        await diary.latch.wait()
        insideCount -= 1
        return number
    }

    distributed func waitForCancellation() async throws {
        diary.write("started")
        while !Task.isCancelled { try? await Task.sleep(for: .seconds(600)) }
        diary.write("cancelled")
        throw CancellationError()
    }

    /// Calls `work` of another actor, which it waits for.
    distributed func ask(_ other: Clerk, _ number: Int) async throws -> Int {
        diary.write("ask \(number)")
        return try await other.work(number)
    }

    /// Goes from one actor to the next, each waiting for those behind it.
    distributed func relay(_ others: [Clerk]) async throws -> Int {
        diary.write("relay")
        guard let next = others.first else { return 0 }
        return try await next.relay(Array(others.dropFirst())) + 1
    }

    /// Calls the other one when all have come as far as this.
    distributed func meet(_ other: Clerk) async throws -> Int {
        await meeting.value.come()
        return try await other.work(0)
    }

    distributed func relayInChild(_ others: [Clerk]) async throws -> Int {
        async let result = relay(others)
        return try await result
    }

    /// Starts a call and does not wait for it, but for the test.
    distributed func relayInBackground(_ others: [Clerk]) async {
        Task {
            // A child of a task that nobody waits for.
            async let count = others[0].relay(Array(others.dropFirst())) + 1
            diary.write("background \((try? await count) ?? -1)")
        }
        await diary.latch.wait()
    }
}

/// Where several wait for each other.
final class Meeting: Sendable {
    private let missing: Mutex<Int>
    private let latch = Latch()

    init(count: Int) { missing = Mutex(count) }

    func come() async {
        let isLast = missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isLast { latch.open() } else { await latch.wait() }
    }
}

extension ClusterPair.Spawned where Act == Clerk {
    var meeting: Shared<Meeting> { get async throws { try #require(await local.whenLocal { $0.meeting }) } }
    var diary: Diary { get async throws { try #require(await local.whenLocal { $0.diary }) } }
}
