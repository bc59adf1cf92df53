import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Synchronization
import Testing

@testable import MantaRuntime

@Suite("calls of actors that run only so many at a time", .timeLimit(.minutes(10)))
struct TurnTests {
    @Test(
        "calls of several callers, the actor's own process among them, run one at a time or as many as the limit",
        arguments: DispatchMode.allCases,
        [Concurrency.serial, .limited(3)]
    )
    func several(dispatch: DispatchMode, concurrency: Concurrency) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: concurrency)
            let own = try Clerk.resolve(id: clerk.remote.id, using: pair.callee)
            let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<300 {
                    group.addTask { try await (number % 2 == 0 ? clerk.remote : own).work(number) }
                }
                return try await group.reduce(0, +)
            }
            #expect(sum == 44_850)
            #expect(try await clerk.remote.mostAtOnce() == concurrency.limit)
            #expect(Set(try await clerk.diary.entries).count == 300)
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
        }
    }

    @Test("a reentrant actor runs calls while others are suspended, and is called directly in its process")
    func reentrant() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            let diary = try await clerk.diary
            let calls = (0..<5).map { number in Task { try await clerk.remote.hold(number) } }
            try await eventually { diary.entries.count == 5 }
            diary.latch.open()
            for call in calls { _ = try await call.value }
            #expect(try pair.callee.resolve(id: clerk.remote.id, as: Clerk.self) === clerk.local)
        }
    }

    @Test("a call in line that is cancelled is taken out, and the next one has its turn")
    func cancelled() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let diary = try await clerk.diary
            let first = Task { try await clerk.remote.hold(0) }
            try await eventually { diary.entries == ["0"] }
            let line = try #require(pair.callee.hosted.actor(clerk.local.id)?.line)
            let second = Task { try await clerk.remote.note(1) }
            try await eventually { line.waitingCount == 1 }
            let third = Task { try await clerk.remote.note(2) }
            try await eventually { line.waitingCount == 2 }
            second.cancel()
            let result = await second.result
            #expect(throws: CancellationError.self) { try result.get() }
            try await eventually { line.waitingCount == 1 }
            diary.latch.open()
            _ = try await first.value
            try await third.value
            #expect(diary.entries == ["0", "2"])
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
        }
    }

    @Test("a call whose deadline passes in line never runs")
    func timedOut() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let diary = try await clerk.diary
            let first = Task { try await clerk.remote.hold(0) }
            try await eventually { diary.entries == ["0"] }
            let error = await clusterError {
                try await withCallOptions(timeout: .milliseconds(100)) { try await clerk.remote.note(1) }
            }
            #expect(error?.code == .timedOut)
            diary.latch.open()
            _ = try await first.value
            try await clerk.remote.note(2)
            #expect(diary.entries == ["0", "2"])
        }
    }

    @Test("a peer is told of calls in line that it cancels, or whose deadline passes, that they did not run")
    func answered() async throws {
        try await withHostilePeer(dispatch: .fastestKnown) { pair, peer in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let id = clerk.local.id
            let diary = try await clerk.diary
            let hold = try await RecordedBytes.of(Clerk.self, in: pair.callee) { _ = try await $0.hold(0) }
            let note = try await RecordedBytes.of(Clerk.self, in: pair.callee) { try await $0.note(1) }
            let method = peer.name(note.identifier)
            let running = peer.call(id, hold)
            let cancelled = peer.call(id, method, note.body)
            let late = peer.call(id, method, milliseconds: 20, note.body)
            let last = peer.call(id, method, note.body)
            peer.send(FrameHead(.cancel, number: cancelled))
            for (number, code) in [(cancelled, ClusterError.Code.cancelled), (late, .timedOut)] {
                let error = try await peer.refusal(of: number)
                #expect(error.code == code)
                #expect(error.outcome == .notExecuted)
                #expect(error.message.contains("Clerk.note(_:)"))
            }
            #expect(!peer.hasReply(to: last))
            diary.latch.open()
            #expect(try await peer.value(of: running) == 0)
            #expect(try await peer.reply(to: last).status == .value)
            #expect(diary.entries == ["0", "1"])
        }
    }

    @Test("killing an actor ends its calls in line, which did not run, and those that run")
    func killed() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let diary = try await clerk.diary
            let running = Task { await clusterError { try await clerk.remote.waitForCancellation() } }
            try await eventually { diary.entries == ["started"] }
            let line = try #require(pair.callee.hosted.actor(clerk.local.id)?.line)
            let waiting = (0..<5).map { number in
                Task { await clusterError { try await clerk.remote.note(number) } }
            }
            try await eventually { line.waitingCount == 5 }
            let actor = try #require(pair.callee.hosted.remove(clerk.local.id))
            let error = ClusterError(.actorDied(.killed), "killed", outcome: .mayHaveExecuted)
            pair.callee.endCalls(on: actor, error)
            #expect(await running.value == error)
            for call in waiting {
                let error = await call.value
                #expect(error?.code == .actorDied(.killed))
                #expect(error?.outcome == .notExecuted)
            }
            try await eventually { diary.entries == ["started", "cancelled"] }
            try await eventually { line.running.isEmpty && line.waitingCount == 0 }
        }
    }

    @Test("calls in line whose link is lost are taken out, and give way to those of others")
    func linkLost() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let own = try Clerk.resolve(id: clerk.remote.id, using: pair.callee)
            let diary = try await clerk.diary
            let line = try #require(pair.callee.hosted.actor(clerk.local.id)?.line)
            let running = Task { try await own.hold(0) }
            try await eventually { diary.entries == ["0"] }
            let lost = (1..<4).map { number in
                Task { await clusterError { try await clerk.remote.note(number) } }
            }
            try await eventually { line.waitingCount == 3 }
            let last = Task { try await own.note(4) }
            try await eventually { line.waitingCount == 4 }
            pair.caller.closeLinks(to: pair.callee.process, "the test says so")
            for call in lost { #expect(await call.value?.code == .notConnected) }
            try await eventually { line.waitingCount == 1 }
            diary.latch.open()
            _ = try await running.value
            try await last.value
            #expect(diary.entries == ["0", "4"])
        }
    }

    @Test("calls in line count as not started, whatever becomes of those around them")
    func backPressure() async throws {
        try await withClusterPair(maxPendingCalls: 4) { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let remote = clerk.remote
            let diary = try await clerk.diary
            try await remote.nothing()
            let route = try #require(pair.caller.route(remote.id))
            let window = {
                route.connection.state.withLock { _ in (route.window.notStartedCount, route.window.heldCount)
                }
            }
            let lane = pair.caller.lanes[0]
            let first = Task(executorPreference: lane.tasks) { try await remote.hold(0) }
            try await eventually { diary.entries == ["0"] }
            let calls = (1...10).map { number in
                Task(executorPreference: lane.tasks) { try await remote.note(number) }
            }
            // The first may be known to have started or not.
            try await eventually { window().0 == 4 && (6...7).contains(window().1) }
            // The last of those that were sent is taken out of line: those before it still wait.
            calls[2].cancel()
            _ = await calls[2].result
            let line = try #require(pair.callee.hosted.actor(clerk.local.id)?.line)
            try await eventually { window().0 == 4 && (5...6).contains(window().1) }
            #expect(line.waitingCount <= 4)
            diary.latch.open()
            _ = try await first.value
            for (index, call) in calls.enumerated() where index != 2 { try await call.value }
            #expect(diary.entries == ([0, 1, 2] + (4...10)).map { "\($0)" })
            #expect(window() == (0, 0))
        }
    }

    @Test(
        "many calls to an actor with a limit, some cancelled, start in the order in which they were sent",
        arguments: [(Concurrency.serial, 1_000), (.serial, 20), (.limited(4), 20)]
    )
    func order(concurrency: Concurrency, maxPendingCalls: Int) async throws {
        try await withClusterPair(maxPendingCalls: maxPendingCalls) { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: concurrency)
            let remote = clerk.remote
            try await remote.nothing()
            let lane = pair.caller.lanes[0]
            await Task(executorPreference: lane.tasks) {
                var calls: [Task<Int, any Error>] = []
                for number in 0..<3_000 {
                    calls.append(Task(executorPreference: lane.tasks) { try await remote.work(number) })
                    if number % 3 == 0 { calls[max(0, number - 3 * (number % 50))].cancel() }
                    if number % 16 == 0 { await Task.yield() }
                }
                for call in calls { _ = await call.result }
            }.value
            let started = try await clerk.diary.entries.compactMap { Int($0) }
            #expect(zip(started, started.dropFirst()).allSatisfy { $0 < $1 })
            #expect(Set(started).isSuperset(of: (0..<3_000).filter { $0 % 3 != 0 }))
            #expect(try await remote.mostAtOnce() == concurrency.limit)
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
        }
    }
}
