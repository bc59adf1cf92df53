import Distributed
import MantaCore
import MantaRuntime
import Synchronization
import Testing

/// An actor for tests of turns: its methods suspend in the middle, and note what runs at the same time.
distributed actor Clerk: Spawnable {
    typealias ActorSystem = ClusterSystem

    let diary = Diary()
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
}

extension ClusterPair.Spawned where Act == Clerk {
    var diary: Diary { get async throws { try #require(await local.whenLocal { $0.diary }) } }
}
