import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import Testing

@testable import MantaRuntime

@Suite("the end of an actor in order", .timeLimit(.minutes(10)))
struct DrainTests {
    @Test(
        "an actor that is drained refuses new calls, and those that have arrived run to their end",
        arguments: [Concurrency.reentrant, .serial]
    )
    func drained(concurrency: Concurrency) async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: concurrency)
            let diary = try await clerk.diary
            let held = Task { try await clerk.remote.hold(0) }
            try await eventually { diary.entries == ["0"] }
            let second = Task { try await clerk.remote.hold(1) }
            // It runs, or is in line.
            try await eventually { pair.callee.openCallCount == 2 }
            let ended = Shared(false)
            let drain = Task {
                let isInTime = await pair.callee.drain(clerk.local.id, within: .seconds(600), .stopped)
                ended.change { $0 = true }
                return isInTime
            }
            var refusal: ClusterError?
            try await eventually {
                // One that comes before the drain waits in line.
                refusal = await clusterError {
                    try await withCallOptions(timeout: .milliseconds(100)) {
                        try await clerk.remote.nothing()
                    }
                }
                return refusal?.code == .actorDied(.stopped)
            }
            #expect(refusal?.outcome == .notExecuted)
            #expect(!ended.value)
            diary.latch.open()
            #expect(await drain.value)
            #expect(try await held.value == 0)
            #expect(try await second.value == 1)
            await pair.callee.runWillStop(clerk.local.id, within: .seconds(600))
            #expect(diary.entries == ["0", "1", "will stop"])
        }
    }

    @Test("what has not ended in time is cut off: what ran may have run, what was in line has not")
    func cutOff() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let diary = try await clerk.diary
            let running = Task { await clusterError { try await clerk.remote.waitForCancellation() } }
            try await eventually { diary.entries == ["started"] }
            let waiting = Task { await clusterError { try await clerk.remote.note(1) } }
            try await eventually { pair.callee.openCallCount == 2 }
            #expect(await !pair.callee.drain(clerk.local.id, within: .milliseconds(50), .jobEnded))
            let (first, second) = (await running.value, await waiting.value)
            #expect(first?.code == .actorDied(.jobEnded) && second?.code == .actorDied(.jobEnded))
            #expect(first?.outcome == .mayHaveExecuted)
            #expect(second?.outcome == .notExecuted)
            try await eventually { diary.entries == ["started", "cancelled"] }
        }
    }

    @Test("calls whose callers have gone are waited for as well")
    func orphans() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            let diary = try await clerk.diary
            let running = Task { await clusterError { _ = try await clerk.remote.hold(0) } }
            try await eventually { diary.entries == ["0"] }
            pair.caller.closeLinks(to: pair.callee.process, "the test says so")
            #expect(await running.value?.code == .notConnected)
            try await eventually { pair.callee.openCallCount == 0 }
            let hosted = try #require(pair.callee.hosted.actor(clerk.local.id))
            try await eventually { hosted.orphanedCalls.count == 1 }
            #expect(await !pair.callee.drain(clerk.local.id, within: .milliseconds(1), .stopped))
            diary.latch.open()
            #expect(await pair.callee.drain(clerk.local.id, within: .seconds(600), .stopped))
            #expect(hosted.orphanedCalls.isEmpty)
        }
    }

    @Test("an actor without calls, and one that is not here, is drained at once")
    func idle() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            #expect(await pair.callee.drain(clerk.local.id, within: .seconds(600), .stopped))
            #expect(await pair.caller.drain(clerk.local.id, within: .seconds(600), .stopped))
            await pair.caller.runWillStop(clerk.local.id, within: .seconds(600))
            #expect(try await clerk.diary.entries == [])
        }
    }
}
