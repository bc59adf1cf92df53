import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import Synchronization
import Testing

@testable import MantaRuntime

@Suite("one-way calls", .timeLimit(.minutes(10)))
struct OneWayTests {
    @Test("a one-way call returns before it runs, and keeps its place among the calls of its task")
    func order() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let diary = try await clerk.diary
            let held = Task { try await clerk.remote.hold(0) }
            try await eventually { diary.entries == ["0"] }
            try await withCallOptions(reply: .ignored) {
                for number in 1...3 { try await clerk.remote.note(number) }
            }
            #expect(diary.entries == ["0"])
            let last = Task { try await clerk.remote.note(4) }
            diary.latch.open()
            _ = try await held.value
            try await last.value
            #expect(diary.entries == ["0", "1", "2", "3", "4"])
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
        }
    }

    @Test("the errors of one-way calls are dropped; calls with a result are made as ever")
    func errors() async throws {
        try await withClusterPair { pair in
            let resident = try await pair.spawn(Resident.self)
            let dead = ActorID.spawned(66_001, cluster: ClusterPair.cluster)
            pair.directory.set(.dead(.killed), of: dead)
            let remote = try Resident.resolve(id: dead, using: pair.caller)
            try await withCallOptions(reply: .ignored) {
                try await resident.remote.fail(1)
                try await remote.note(1)
                #expect(try await resident.remote.add(1, 2) == 3)
            }
            #expect(try await resident.remote.add(1, 2) == 3)
        }
    }

    @Test("past the limit of calls that have not started, a one-way call suspends its caller")
    func backPressure() async throws {
        try await withClusterPair(maxPendingCalls: 4) { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let diary = try await clerk.diary
            let held = Task { try await clerk.remote.hold(0) }
            try await eventually { diary.entries == ["0"] }
            let sent = Shared(0)
            let sender = Task {
                try await withCallOptions(reply: .ignored) {
                    for number in 1...10 {
                        try await clerk.remote.note(number)
                        sent.change { $0 += 1 }
                    }
                }
            }
            let route = try #require(pair.caller.route(clerk.remote.id))
            try await eventually { route.connection.state.withLock { _ in route.window.heldCount == 1 } }
            #expect((3...4).contains(sent.value))
            diary.latch.open()
            try await sender.value
            _ = try await held.value
            try await clerk.remote.note(11)
            #expect(diary.entries == (0...11).map { "\($0)" })
        }
    }

    @Test("a one-way call that is cancelled while it is held back never runs")
    func cancelled() async throws {
        try await withClusterPair(maxPendingCalls: 1) { pair in
            let clerk = try await pair.spawn(Clerk.self, concurrency: .serial)
            let diary = try await clerk.diary
            let held = Task { try await clerk.remote.hold(0) }
            try await eventually { diary.entries == ["0"] }
            let first = Task { try await clerk.remote.note(1) }
            let route = try #require(pair.caller.route(clerk.remote.id))
            try await eventually { route.connection.state.withLock { _ in route.window.isFull } }
            let oneWay = Task {
                try await withCallOptions(reply: .ignored) { try await clerk.remote.note(2) }
            }
            try await eventually { route.connection.state.withLock { _ in route.window.heldCount > 0 } }
            oneWay.cancel()
            let result = await oneWay.result
            #expect(throws: CancellationError.self) { try result.get() }
            diary.latch.open()
            _ = try await held.value
            try await first.value
            try await clerk.remote.note(3)
            #expect(diary.entries == ["0", "1", "3"])
        }
    }

    @Test("a one-way call finds its actor after that has moved")
    func moved() async throws {
        try await withClusterPair { pair in
            let clerk = try await pair.spawn(Clerk.self)
            try await clerk.remote.nothing()
            _ = pair.callee.hosted.remove(clerk.local.id)
            let again = try await pair.spawn(Clerk.self, epoch: 2, id: clerk.remote.id, in: pair.caller)
            let other = try Clerk.resolve(id: clerk.remote.id, using: pair.callee)
            // The first one may be lost: where it goes, the actor is no more.
            try await eventually {
                try await withCallOptions(reply: .ignored) { try await clerk.remote.note(1) }
                return try await again.diary.entries.contains("1")
            }
            try await other.nothing()
        }
    }
}
