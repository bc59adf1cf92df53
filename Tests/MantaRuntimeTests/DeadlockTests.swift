import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import Synchronization
import Testing

@testable import MantaRuntime

@Suite("actors that wait for each other", .timeLimit(.minutes(10)))
struct DeadlockTests {
    private func check(_ error: (any Error)?, _ chains: String...) {
        let error = error as? ClusterError
        #expect(error?.code == .deadlock)
        #expect(chains.contains(error?.message ?? ""), "\(error?.message ?? "no error")")
    }

    /// Nothing is left, and everybody answers.
    private func checkFree(_ pair: ClusterPair, _ clerks: [ClusterPair.Spawned<Clerk>]) async throws {
        for clerk in clerks { try await clerk.remote.nothing() }
        try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
    }

    @Test("an actor that calls itself through a reference", arguments: DispatchMode.allCases)
    func itself(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let x = try await pair.spawn(Clerk.self, name: "x", concurrency: .serial)
            let error = await #expect(throws: ClusterError.self) { _ = try await x.remote.relay([x.remote]) }
            check(error, #"Clerk "x" waits for Clerk "x""#)
            try await checkFree(pair, [x])
        }
    }

    @Test("an actor that is called back, by an actor in its process, in another one, and by a longer way")
    func calledBack() async throws {
        try await withClusterPair { pair in
            let x = try await pair.spawn(Clerk.self, name: "x", concurrency: .serial)
            let y = try await pair.spawn(Clerk.self, name: "y", concurrency: .serial)
            let z = try await pair.spawn(Clerk.self, name: "z", in: pair.caller)
            let cases = [
                ([x, y, x], #"Clerk "x" waits for Clerk "y", which waits for Clerk "x""#),
                ([x, z, x], #"Clerk "x" waits for Clerk "z", which waits for Clerk "x""#),
                (
                    [x, z, y, z, x],
                    #"Clerk "x" waits for Clerk "z", which waits for Clerk "y", which waits for Clerk "z", which waits for Clerk "x""#
                ),
            ]
            for (path, chain) in cases {
                let error = await #expect(throws: ClusterError.self) {
                    _ = try await path[0].remote.relay(path.dropFirst().map(\.remote))
                }
                check(error, chain)
            }
            try await checkFree(pair, [x, y, z])
        }
    }

    /// Has each hold its turn while it calls the next; exactly one call of the circle fails.
    private func circle(_ clerks: [ClusterPair.Spawned<Clerk>], _ chains: [String]) async throws {
        let others = clerks.dropFirst() + clerks.prefix(1)
        let meeting = Meeting(count: clerks.count)
        for clerk in clerks { try await clerk.meeting.change { $0 = meeting } }
        let calls = zip(clerks, others).map { clerk, other in
            Task { try await clerk.remote.meet(other.remote) }
        }
        var errors: [any Error] = []
        for call in calls {
            do { _ = try await call.value } catch { errors.append(error) }
        }
        #expect(errors.count == 1)
        let message = (errors.first as? ClusterError)?.message ?? ""
        #expect((errors.first as? ClusterError)?.code == .deadlock)
        #expect(chains.contains(message), "\(message)")
    }

    @Test("two that call each other at the same time: one of the calls fails, the other is answered")
    func two() async throws {
        try await withClusterPair { pair in
            let x = try await pair.spawn(Clerk.self, name: "x", concurrency: .serial)
            let y = try await pair.spawn(Clerk.self, name: "y", concurrency: .serial, in: pair.caller)
            try await circle([x, y], [#"Clerk "x" waits for Clerk "y", which waits for Clerk "x""#])
            try await checkFree(pair, [x, y])
        }
    }

    @Test("four in two processes, each calling the next: one call fails, and all are free")
    func four() async throws {
        try await withClusterPair { pair in
            var clerks: [ClusterPair.Spawned<Clerk>] = []
            for index in 0..<4 {
                let system = index % 2 == 0 ? pair.callee : pair.caller
                clerks.append(
                    try await pair.spawn(Clerk.self, name: "\(index)", concurrency: .serial, in: system)
                )
            }
            try await circle(
                clerks,
                [
                    #"Clerk "0" waits for Clerk "1", which waits for Clerk "2", which waits for Clerk "3", which waits for Clerk "0""#
                ]
            )
            try await checkFree(pair, clerks)
        }
    }

    @Test("an actor with two turns is only stuck when both are taken by calls that wait for it")
    func limited() async throws {
        try await withClusterPair { pair in
            let x = try await pair.spawn(Clerk.self, name: "x", concurrency: .limited(2))
            let y = try await pair.spawn(Clerk.self, name: "y")
            // One turn is free for the call back.
            #expect(try await x.remote.relay([y.remote, x.remote]) == 2)
            // The other turn is taken by somebody who will go on.
            let diary = try await x.diary
            let holder = Task { try await x.remote.hold(1) }
            try await eventually { diary.entries.contains("1") }
            let waiting = Task { try await x.remote.relay([y.remote, x.remote]) }
            let line = try #require(pair.callee.hosted.actor(x.local.id)?.line)
            try await eventually { line.waitingCount == 1 }
            try await eventually("two searches") { line.searchCount > 1 }
            #expect(line.waitingCount == 1)
            diary.latch.open()
            _ = try await holder.value
            #expect(try await waiting.value == 2)
            // Both turns.
            try await circle([x, x], [#"Clerk "x" waits for Clerk "x""#])
            try await checkFree(pair, [x, y])
        }
    }

    @Test("an actor that is busy for long, or that waits for one that is, is no deadlock")
    func busy() async throws {
        try await withClusterPair { pair in
            let x = try await pair.spawn(Clerk.self, name: "x", concurrency: .serial)
            let y = try await pair.spawn(Clerk.self, name: "y", concurrency: .serial, in: pair.caller)
            let diary = try await y.diary
            let holder = Task { try await y.remote.hold(1) }
            try await eventually { diary.entries == ["1"] }
            let asking = Task { try await x.remote.ask(y.remote, 2) }
            let asked = try await x.diary
            try await eventually { asked.entries == ["ask 2"] }
            let waiting = Task { try await x.remote.work(3) }
            let lines = [pair.callee.hosted.actor(x.local.id), pair.caller.hosted.actor(y.local.id)]
                .compactMap { $0?.line }
            try await eventually { lines.count == 2 && lines.allSatisfy { $0.searchCount > 1 } }
            diary.latch.open()
            #expect(try await holder.value == 1)
            #expect(try await asking.value == 2)
            #expect(try await waiting.value == 3)
            try await checkFree(pair, [x, y])
        }
    }

    @Test("a call made by a task that the method does not wait for is no part of a circle; a child's is")
    func tasks() async throws {
        try await withClusterPair { pair in
            let x = try await pair.spawn(Clerk.self, name: "x", concurrency: .serial)
            let y = try await pair.spawn(Clerk.self, name: "y", concurrency: .serial)
            let error = await #expect(throws: ClusterError.self) {
                _ = try await x.remote.relayInChild([y.remote, x.remote])
            }
            check(error, #"Clerk "x" waits for Clerk "y", which waits for Clerk "x""#)
            let diary = try await x.diary
            let call = Task { try await x.remote.relayInBackground([y.remote, x.remote]) }
            let line = try #require(pair.callee.hosted.actor(x.local.id)?.line)
            try await eventually { line.waitingCount == 1 }
            let before = line.searchCount
            try await eventually("two searches") { line.searchCount > before + 1 }
            #expect(line.waitingCount == 1)
            diary.latch.open()
            try await call.value
            try await eventually { diary.entries.contains("background 2") }
            try await checkFree(pair, [x, y])
        }
    }
}
