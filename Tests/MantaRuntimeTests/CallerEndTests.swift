import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import Testing

@testable import MantaRuntime

@Suite("calls that may come again, of callers that have ended", .timeLimit(.minutes(10)))
struct CallerEndTests {
    /// Has `call` made by the caller, and the caller lost to the callee for good while it runs.
    private func withLostCaller(
        _ call: @escaping @Sendable (Clerk) async throws -> Void,
        entry: String,
        _ body: (ClusterPair, HostedActor, Diary) async throws -> Void
    ) async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            let diary = try await clerk.diary
            let caller = Task {
                await clusterError { try await withCallOptions(retries: 5) { try await call(clerk.remote) } }
            }
            try await eventually { diary.entries == [entry] }
            // So it does not come back.
            pair.directory.set(.dead(.nodeDied(NodeID(1))), of: clerk.remote.id)
            pair.callee.closeLinks(to: pair.caller.process, "the test says so")
            #expect(await caller.value?.code == .actorDied(.nodeDied(NodeID(1))))
            let hosted = try #require(pair.callee.hosted.actor(clerk.local.id))
            try await body(pair, hosted, diary)
            try await eventually { hosted.openCallers.isEmpty && hosted.orphanedCalls.isEmpty }
        }
    }

    @Test("one that runs is cancelled when the end of its caller is told")
    func running() async throws {
        try await withLostCaller({ try await $0.waitForCancellation() }, entry: "started") {
            pair,
            hosted,
            diary in
            #expect(await pair.callee.peersToAskFor() == [pair.caller.process])
            pair.callee.ended([ProcessID(0xD), pair.callee.process])
            #expect(hosted.openCallers == [pair.caller.process])
            pair.callee.ended([pair.caller.process])
            try await eventually { diary.entries == ["started", "cancelled"] }
        }
    }

    @Test("one that runs is cancelled when its link is lost after the end of its caller was told")
    func toldBefore() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            let diary = try await clerk.diary
            // It comes after the news: what was sent before is still on its way.
            pair.callee.ended([pair.caller.process])
            let call = Task {
                await clusterError {
                    try await withCallOptions(retries: 5) { try await clerk.remote.waitForCancellation() }
                }
            }
            try await eventually { diary.entries == ["started"] }
            pair.directory.set(.dead(.nodeDied(NodeID(1))), of: clerk.remote.id)
            pair.callee.closeLinks(to: pair.caller.process, "the test says so")
            _ = await call.value
            try await eventually { diary.entries == ["started", "cancelled"] }
            let hosted = try #require(pair.callee.hosted.actor(clerk.local.id))
            try await eventually { hosted.openCallers.isEmpty && hosted.orphanedCalls.isEmpty }
        }
    }

    @Test("its reply is kept until the end of its caller is told, and not after", arguments: [true, false])
    func kept(isToldBefore: Bool) async throws {
        try await withLostCaller({ _ = try await $0.hold(0) }, entry: "0") { pair, hosted, diary in
            if isToldBefore { pair.callee.ended([pair.caller.process]) }
            diary.latch.open()
            try await eventually { hosted.orphanedCalls.isEmpty }
            guard !isToldBefore else { return }
            #expect(hosted.openCallers == [pair.caller.process])
            pair.callee.ended([pair.caller.process])
            // Told before the reply was kept, the call sees to it itself.
            try await eventually { hosted.openCallers.isEmpty }
        }
    }

    @Test("what an actor keeps for its callers goes with the actor, and not at the deadlines of their calls")
    func calleeEnds() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            try await withCallOptions(timeout: .seconds(600), retries: 5) { try await clerk.remote.nothing() }
            weak let store = pair.callee.hosted.actor(clerk.local.id)?.replies(in: pair.callee)
            #expect(store != nil)
            _ = pair.callee.hosted.remove(clerk.local.id)
            try await eventually { store == nil }
        }
    }
}
