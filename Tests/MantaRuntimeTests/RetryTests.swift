import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Testing

@testable import MantaRuntime

@Suite("calls that are sent again", .timeLimit(.minutes(10)))
struct RetryTests {
    private func cut(_ pair: ClusterPair, atCallee: Bool) {
        let (system, peer) = atCallee ? (pair.callee, pair.caller) : (pair.caller, pair.callee)
        system.closeLinks(to: peer.process, "the test says so")
    }

    /// Cuts the link over which the caller has `count` calls open, and waits until all of them have come again.
    private func cutAndWait(_ pair: ClusterPair, count: Int, atCallee: Bool) async throws {
        let links = { pair.callee.peers.all.filter { $0.peer == pair.caller.process } }
        let before = links()
        cut(pair, atCallee: atCallee)
        try await eventually("they have come back") {
            let now = links()
            return now.count == 1 && !before.contains { $0 === now[0] } && now[0].openCallCount == count
        }
    }

    @Test(
        "a call whose link is cut while it runs or waits in line gets its reply, and has run once",
        arguments: [Concurrency.reentrant, .serial],
        [true, false]
    )
    func cutWhileRunning(concurrency: Concurrency, atCallee: Bool) async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: concurrency)
            let diary = try await clerk.diary
            let calls = (0..<3).map { number in
                Task { try await withCallOptions(retries: 5) { try await clerk.remote.hold(number) } }
            }
            try await eventually { pair.callee.openCallCount == 3 && !diary.entries.isEmpty }
            for _ in 0..<3 {
                try await cutAndWait(pair, count: 3, atCallee: atCallee)
            }
            diary.latch.open()
            for (number, call) in calls.enumerated() { #expect(try await call.value == number) }
            #expect(Set(diary.entries).count == 3 && diary.entries.count == 3)
            let hosted = try #require(pair.callee.hosted.actor(clerk.local.id))
            try await eventually { hosted.orphanedCalls.isEmpty }
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
        }
    }

    @Test("with as many links lost as retries allowed, the call fails, and may have run")
    func exhausted() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            let diary = try await clerk.diary
            let call = Task {
                await clusterError {
                    try await withCallOptions(retries: 1) { _ = try await clerk.remote.hold(0) }
                }
            }
            try await eventually { diary.entries == ["0"] }
            try await cutAndWait(pair, count: 1, atCallee: true)
            cut(pair, atCallee: true)
            let error = await call.value
            #expect(error?.code == .notConnected)
            #expect(error?.outcome == .mayHaveExecuted)
            diary.latch.open()
        }
    }

    @Test("cancelling a call that was sent again cancels the method")
    func cancelled() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            let diary = try await clerk.diary
            let call = Task {
                try await withCallOptions(retries: 5) { try await clerk.remote.waitForCancellation() }
            }
            try await eventually { diary.entries == ["started"] }
            try await cutAndWait(pair, count: 1, atCallee: true)
            #expect(diary.entries == ["started"])
            call.cancel()
            let result = await call.result
            #expect(throws: CancellationError.self) { try result.get() }
            try await eventually { diary.entries == ["started", "cancelled"] }
        }
    }

    @Test("a call whose caller does not come back is cancelled at its deadline")
    func deadline() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            let diary = try await clerk.diary
            let call = Task {
                await clusterError {
                    try await withCallOptions(timeout: .milliseconds(500), retries: 1) {
                        try await clerk.remote.waitForCancellation()
                    }
                }
            }
            try await eventually { diary.entries == ["started"] }
            pair.directory.set(.dead(.nodeDied(NodeID(1))), of: clerk.remote.id)
            cut(pair, atCallee: true)
            let error = await call.value
            #expect(error?.code == .actorDied(.nodeDied(NodeID(1))))
            #expect(error?.outcome == .mayHaveExecuted)
            try await eventually { diary.entries == ["started", "cancelled"] }
        }
    }

    @Test("what the method throws is not retried")
    func thrown() async throws {
        try await withClusterPair { pair in
            let resident = try await pair.spawn(Resident.self)
            await #expect(throws: Mistake(number: 4)) {
                try await withCallOptions(retries: 5) { try await resident.remote.fail(4) }
            }
            try await withCallOptions(retries: 5) { try await resident.remote.note(1) }
            #expect(try await withCallOptions(retries: 5) { try await resident.remote.echo("x") } == "x")
            #expect(try await resident.diary.entries == ["1", "echo x"])
        }
    }

    // MARK: Restarts

    /// An actor whose first incarnation is held in a call, as if its worker then died.
    private func withRestart(
        _ call: @escaping @Sendable (Clerk) async throws -> Int,
        _ body: (ClusterPair, ClusterPair.Spawned<Clerk>, Task<Result<Int, any Error>, Never>) async throws ->
            Void
    ) async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, epoch: 1)
            let diary = try await clerk.diary
            let task = Task {
                do { return Result<Int, any Error>.success(try await call(clerk.remote)) } catch {
                    return .failure(error)
                }
            }
            try await eventually { diary.entries == ["1"] }
            pair.directory.set(.restarting(.crashed(signal: 9, lastOutput: [])), of: clerk.remote.id)
            _ = pair.callee.hosted.remove(clerk.local.id)
            cut(pair, atCallee: true)
            try await body(pair, clerk, task)
            diary.latch.open()
        }
    }

    private func check(_ result: Result<Int, any Error>) {
        let error = #expect(throws: ClusterError.self) { try result.get() }
        #expect(error?.code == .workerDied(.crashed(signal: 9, lastOutput: [])))
        #expect(error?.outcome == .mayHaveExecuted)
    }

    @Test("a call in flight when its worker dies fails with that, and may have run; one made later waits")
    func restart() async throws {
        for retries in [0, 5] {
            try await withRestart({ clerk in
                try await withCallOptions(retries: retries) { try await clerk.hold(1) }
            }) { pair, clerk, call in
                check(await call.value)
                let next = Task { try await clerk.remote.work(2) }
                _ = try await pair.spawn(Clerk.self, epoch: 2, id: clerk.remote.id, in: pair.caller)
                #expect(try await next.value == 2)
            }
        }
    }

    @Test("with retryUnknown, the next incarnation runs the call too")
    func retryUnknown() async throws {
        try await withRestart({ clerk in
            try await withCallOptions(retries: 1, retryUnknown: true) { try await clerk.hold(1) }
        }) { pair, clerk, call in
            let again = try await pair.spawn(Clerk.self, epoch: 2, id: clerk.remote.id, in: pair.caller)
            let diary = try await again.diary
            try await eventually { diary.entries == ["1"] }
            diary.latch.open()
            #expect(try await call.value.get() == 1)
            #expect(try await clerk.diary.entries == ["1"])
        }
    }

    // MARK: At random

    @Test(
        "with links cut at random, each call that succeeds has run once, and none has run twice",
        arguments: [Concurrency.reentrant, .serial],
        1...3 as ClosedRange<UInt64>
    )
    func random(concurrency: Concurrency, seed: UInt64) async throws {
        try await withClusterPair(maxPendingCalls: 30) { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: concurrency)
            let remote = clerk.remote
            let succeeded = Shared(Set<Int>())
            let isOver = Shared(false)
            async let cuts = cutAtRandom(pair, seed: seed) { isOver.value }
            await withTaskGroup(of: Void.self) { group in
                for caller in 0..<10 {
                    group.addTask {
                        for number in caller * 50..<(caller + 1) * 50 {
                            // Some give up; some have too few retries.
                            let retries = number % 10 == 0 ? 1 : 100
                            let timeout = number % 7 == 0 ? Duration.milliseconds(10) : .seconds(30)
                            let result = try? await withCallOptions(timeout: timeout, retries: retries) {
                                try await remote.linger(number)
                            }
                            if result == number { succeeded.change { $0.insert(number) } }
                        }
                    }
                }
            }
            isOver.change { $0 = true }
            let count = await cuts
            let diary = try await clerk.diary
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
            let ran = diary.entries.compactMap { Int($0) }
            #expect(ran.count == Set(ran).count, "seed \(seed): a call ran twice, in \(count) cuts")
            #expect(Set(ran).isSuperset(of: succeeded.value), "seed \(seed)")
            #expect(succeeded.value.count > 350, "seed \(seed): \(succeeded.value.count), \(count) cuts")
            #expect(count > 3)
        }
    }

    private func cutAtRandom(_ pair: ClusterPair, seed: UInt64, until isOver: () -> Bool) async -> Int {
        var random = SeededRandom(seed: seed)
        var count = 0
        while !isOver() {
            for _ in 0..<Int.random(in: 1...200, using: &random) { await Task.yield() }
            cut(pair, atCallee: random.chance(percent: 50))
            count += 1
            try? await Task.sleep(for: .microseconds(Int.random(in: 0...3_000, using: &random)))
        }
        return count
    }
}
