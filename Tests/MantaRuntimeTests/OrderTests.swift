import Dispatch
import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import Synchronization
import Testing

@testable import MantaRuntime

@Suite("order and back-pressure of calls", .timeLimit(.minutes(10)))
struct OrderTests {
    /// Calls 0, 1, 2, …, sent in this order over one lane, and every third cancelled some time later.
    private func sendMany(
        _ count: Int,
        on lane: Lane,
        _ call: @escaping @Sendable (Int) async throws -> Void
    ) async -> (ended: Int, cancelled: Int) {
        await Task(executorPreference: lane.tasks) {
            var calls: [Task<Void, any Error>] = []
            for number in 0..<count {
                // The lane starts them in this order, and runs each up to where it waits for its reply.
                calls.append(Task(executorPreference: lane.tasks) { try await call(number) })
                // Some are cancelled before they are sent, some while they are held back, some after they have run.
                if number % 3 == 0 { calls[max(0, number - 3 * (number % 50))].cancel() }
                if number % 16 == 0 { await Task.yield() }
            }
            var (ended, cancelled) = (0, 0)
            for call in calls {
                switch await call.result {
                case .success: ended += 1
                case .failure(let error): if error is CancellationError { cancelled += 1 }
                }
            }
            return (ended, cancelled)
        }.value
    }

    private func check(_ entries: [String], _ ends: (ended: Int, cancelled: Int), count: Int) {
        let started = entries.compactMap { Int($0) }
        #expect(started.count == entries.count)
        #expect(
            zip(started, started.dropFirst()).allSatisfy { $0 < $1 },
            "calls started out of order, or twice"
        )
        #expect(
            Set(started).isSuperset(of: (0..<count).filter { $0 % 3 != 0 }),
            "calls that nobody cancelled did not run"
        )
        #expect(ends.ended + ends.cancelled == count)
        #expect(ends.cancelled > count / 100)
    }

    @Test(
        "ten thousand calls, every third of them cancelled, start in the order in which they were sent",
        arguments: [(DispatchMode.standard, 1_000), (.cached, 1_000), (.cached, 20)]
    )
    func order(dispatch: DispatchMode, maxPendingCalls: Int) async throws {
        try await withClusterPair(dispatch: dispatch, maxPendingCalls: maxPendingCalls) { pair in
            let resident = try await pair.spawn(Resident.self)
            let remote = resident.remote
            try await remote.nothing()  // from here on the way is known, and calls are sent at once
            let ends = await sendMany(10_000, on: pair.caller.lanes[0]) { try await remote.note($0) }
            check(try await resident.diary.entries, ends, count: 10_000)
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
        }
    }

    @Test("calls to an actor on the default executor start in order too", arguments: DispatchMode.allCases)
    func orderOnPool(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch, maxPendingCalls: 100) { pair in
            let plain = try pair.make { Plain(actorSystem: $0) }
            let remote = plain.remote
            _ = try await remote.add(1, 1)
            let ends = await sendMany(2_000, on: pair.caller.lanes[0]) { try await remote.note($0) }
            check(try await plain.diary.entries, ends, count: 2_000)
        }
    }

    @Test("calls that wait for each other's way to the actor start in order")
    func orderOnFirstCalls() async throws {
        try await withClusterPair { pair in
            let resident = try await pair.spawn(Resident.self)
            let remote = resident.remote
            for number in 0..<50 { try await remote.note(number) }
            #expect(try await resident.diary.entries == (0..<50).map { "\($0)" })
        }
    }

    @Test(
        "past the limit of calls that have not started, calls are held back until one starts",
        arguments: DispatchMode.allCases
    )
    func maxPendingCalls(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch, maxPendingCalls: 10) { pair in
            let resident = try await pair.spawn(Resident.self)
            let remote = resident.remote
            let diary = try await resident.diary
            try await remote.nothing()
            let route = try #require(pair.caller.route(remote.id))
            let window = {
                route.connection.state.withLock { _ in (route.window.notStartedCount, route.window.heldCount)
                }
            }
            defer { for _ in 0..<2 { diary.barrier.signal() } }

            // It blocks the thread of its actor, so that nothing behind it starts.
            let lane = pair.caller.lanes[0]
            let blocker = Task(executorPreference: lane.tasks) { try await remote.block() }
            let calls = (0..<15).map { number in
                Task(executorPreference: lane.tasks) { try await remote.note(number) }
            }
            try await eventually { window().1 > 0 && window().0 + UInt64(window().1) >= 15 }
            // The blocker may be known to have started or not.
            #expect(window().0 == 10)
            #expect(window().1 == 6 || window().1 == 5)
            for _ in 0..<20 { await Task.yield() }
            #expect(window().0 == 10)
            #expect(diary.entries == [])

            // One that is held back can be given up; it is never sent.
            calls[14].cancel()
            let result = await calls[14].result
            #expect(throws: CancellationError.self) { try result.get() }

            diary.barrier.signal()
            try await blocker.value
            for call in calls[..<14] { try await call.value }
            #expect(diary.entries == (0..<14).map { "\($0)" })
            #expect(window() == (0, 0))
        }
    }

    @Test("a call that is held back ends at its deadline, and did not run")
    func heldDeadline() async throws {
        try await withClusterPair(maxPendingCalls: 1) { pair in
            let resident = try await pair.spawn(Resident.self)
            let remote = resident.remote
            let diary = try await resident.diary
            try await remote.nothing()
            defer { for _ in 0..<2 { diary.barrier.signal() } }
            let blocker = Task { try await remote.block() }
            let route = try #require(pair.caller.route(remote.id))
            try await eventually { route.connection.state.withLock { _ in route.window.isFull } }
            let error = await clusterError {
                try await withCallOptions(timeout: .milliseconds(100)) { try await remote.note(1) }
            }
            #expect(error?.code == .timedOut)
            #expect(error?.outcome == .notExecuted)
            diary.barrier.signal()
            try await blocker.value
            try await remote.note(2)
            #expect(diary.entries == ["2"])
        }
    }

    @Test("calls that wait for a congested link count as sent")
    func congestedAndFull() async throws {
        var limits = LinkLimits()
        limits.highWatermark = 100_000
        limits.lowWatermark = 20_000
        try await withClusterPair(maxPendingCalls: 10, laneCount: 1, limits: limits) { pair in
            let resident = try await pair.spawn(Resident.self)
            let remote = resident.remote
            let diary = try await resident.diary
            try await remote.nothing()
            let route = try #require(pair.caller.route(remote.id))
            let window = {
                route.connection.state.withLock { _ in (route.window.notStartedCount, route.window.heldCount)
                }
            }
            let parkedCount = { route.connection.state.withLock { $0.parked.count } }
            defer { for _ in 0..<3 { diary.barrier.signal() } }
            // The callee reads nothing while it is blocked, so a large call fills the link, and the next wait for it.
            let lane = pair.caller.lanes[0]
            let first = Task(executorPreference: lane.tasks) { try await remote.block() }
            let large = Task(executorPreference: lane.tasks) {
                try await remote.count([UInt8](repeating: 1, count: 3_000_000))
            }
            let second = Task(executorPreference: lane.tasks) { try await remote.block() }
            let notes = (0..<50).map { number in
                Task(executorPreference: lane.tasks) { try await remote.note(number) }
            }
            try await eventually { parkedCount() + window().1 >= 49 }
            // Now the link drains, and the second blocks.
            diary.barrier.signal()
            #expect(try await large.value == 3_000_000)
            try await eventually { parkedCount() == 0 }
            #expect(window().0 <= 10)
            diary.barrier.signal()
            try await first.value
            try await second.value
            for note in notes { try await note.value }
            #expect(diary.entries == (0..<50).map { "\($0)" })
        }
    }

    @Test("calls that run do not count: an actor that suspends takes more than the limit")
    func runningCalls() async throws {
        try await withClusterPair(maxPendingCalls: 10) { pair in
            let resident = try await pair.spawn(Resident.self)
            let remote = resident.remote
            let diary = try await resident.diary
            let calls = (0..<100).map { number in Task { try await remote.hold(number) } }
            try await eventually { diary.entries.count == 100 }
            diary.latch.open()
            var sum = 0
            for call in calls { sum += try await call.value }
            #expect(sum == 4_950)
        }
    }

    @Test("large calls and results over links with small buffers all arrive", arguments: [1_000, 10])
    func congestion(maxPendingCalls: Int) async throws {
        var limits = LinkLimits()
        limits.highWatermark = 100_000
        limits.lowWatermark = 20_000
        limits.flushThreshold = 10_000
        try await withClusterPair(maxPendingCalls: maxPendingCalls, limits: limits) { pair in
            let remote = try await pair.spawn(Resident.self).remote
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        let bytes = [UInt8](repeating: UInt8(number % 256), count: 30_000)
                        return try await remote.echo(bytes) == bytes ? 1 : 0
                    }
                }
                var count = 0
                for try await one in group { count += one }
                #expect(count == 300)
            }
        }
    }
}
