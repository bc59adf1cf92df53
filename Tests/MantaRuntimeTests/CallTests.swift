import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Testing

@testable import MantaRuntime

@Suite("calls between two systems", .timeLimit(.minutes(10)))
struct CallTests {
    @Test(
        "a call reaches an actor on a lane, on its lane, and its result comes back",
        arguments: DispatchMode.allCases
    )
    func spawned(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let resident = try await pair.spawn(Resident.self)
            #expect(try await resident.remote.add(2, 3) == 5)
            try await resident.remote.note(7)
            #expect(try await resident.remote.noted() == ["7"])
            #expect(try await resident.remote.echo(["a": [1.5]]) == ["a": [1.5]])
            #expect(try await resident.remote.pair(1, "two") == ["1", "two"])
            #expect(try await resident.remote.served().isOnLane)
            #expect(try await resident.remote.count([UInt8](repeating: 1, count: 1_000_000)) == 1_000_000)
            #expect(try await resident.remote.bytes(1_000_000).count == 1_000_000)
        }
    }

    @Test(
        "a call reaches an actor on the default executor, a nested one and a generic one",
        arguments: DispatchMode.allCases
    )
    func plain(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let plain = try pair.make { Plain(actorSystem: $0) }
            #expect(try await plain.remote.add(2, 3) == 5)
            let inner = try pair.make { Outer.Inner(actorSystem: $0) }
            #expect(try await inner.remote.name() == "inner")
            let box = try pair.make { Box(["a"], actorSystem: $0) }
            try await box.remote.put(["b", "c"])
            #expect(try await box.remote.get() == ["b", "c"])
            let number = try pair.make { Box(21, actorSystem: $0) }
            #expect(try await number.remote.double() == 42)
        }
    }

    @Test(
        "a reference that is an argument can be called back by the callee",
        arguments: DispatchMode.allCases
    )
    func callBack(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let resident = try await pair.spawn(Resident.self)
            // Lives in the calling system.
            let own = Resident(NoArguments(), actorSystem: pair.caller)
            #expect(try await resident.remote.callBack(own, 41) == 42)
            #expect(try await resident.remote.callBack(resident.remote, 1) == 2)
        }
    }

    @Test("what a method throws arrives as itself, or as `remote`", arguments: DispatchMode.allCases)
    func errors(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let resident = try await pair.spawn(Resident.self).remote
            let plain = try pair.make { Plain(actorSystem: $0) }
            await #expect(throws: Mistake(number: 4)) { try await resident.fail(4) }
            await #expect(throws: Mistake(number: 5)) { try await plain.remote.fail(5) }
            await #expect(throws: CancellationError.self) { try await resident.giveUp() }
            for error in [
                await clusterError { try await resident.failPrivately() },
                await clusterError { try await resident.failUncodably() },
            ] {
                #expect(error?.code == .remote)
                #expect(error?.outcome == .executed)
            }
            let unencodable = await clusterError { _ = try await resident.unencodable() }
            #expect(unencodable?.code == .undecodable)
            #expect(unencodable?.outcome == .executed)
            #expect(try await resident.add(1, 1) == 2)
        }
    }

    @Test(
        "arguments or a result over the frame's limit are refused, and say whether the method ran",
        arguments: DispatchMode.allCases
    )
    func tooLarge(dispatch: DispatchMode) async throws {
        var limits = LinkLimits()
        limits.frameByteCount = 100_000
        try await withClusterPair(dispatch: dispatch, limits: limits) { pair in
            let resident = try await pair.spawn(Resident.self).remote
            #expect(try await resident.count([UInt8](repeating: 1, count: 99_000)) == 99_000)
            let argument = await clusterError {
                _ = try await resident.count([UInt8](repeating: 1, count: 100_001))
            }
            #expect(argument?.code == .invalidArgument)
            #expect(argument?.outcome == .notExecuted)
            #expect(argument?.message.contains("Resident.count(_:)") == true)
            let result = await clusterError { _ = try await resident.bytes(100_001) }
            #expect(result?.code == .invalidArgument)
            #expect(result?.outcome == .executed)
            #expect(try await resident.bytes(99_000).count == 99_000)
        }
    }

    @Test("arguments exactly at the frame's limit pass, one byte more is refused")
    func atTheLimit() async throws {
        var limits = LinkLimits()
        limits.frameByteCount = 70_000
        try await withClusterPair(limits: limits) { pair in
            let resident = try await pair.spawn(Resident.self).remote
            var refused = 0
            for count in 69_940...70_010 {
                do {
                    let received = try await resident.count([UInt8](repeating: 1, count: count))
                    #expect(received == count)
                    #expect(refused == 0)
                } catch {
                    #expect((error as? ClusterError)?.code == .invalidArgument, "\(count): \(error)")
                    refused += 1
                }
            }
            #expect(refused > 0 && refused < 71)
        }
    }

    @Test("cancelling a call cancels the task of the method", arguments: DispatchMode.allCases)
    func cancellation(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let resident = try await pair.spawn(Resident.self)
            let plain = try pair.make { Plain(actorSystem: $0) }
            let diaries = [try await resident.diary, try await plain.diary]
            let calls = [
                Task { try await resident.remote.waitForCancellation() },
                Task { try await plain.remote.waitForCancellation() },
            ]
            try await eventually { diaries.allSatisfy { $0.entries == ["started"] } }
            for call in calls {
                call.cancel()
                let result = await call.result
                #expect(throws: CancellationError.self) { try result.get() }
            }
            try await eventually { diaries.allSatisfy { $0.entries == ["started", "cancelled"] } }
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
            #expect(try await resident.remote.add(1, 1) == 2)
        }
    }

    @Test("a task that is cancelled already sends nothing")
    func cancelledBefore() async throws {
        try await withClusterPair { pair in
            let resident = try await pair.spawn(Resident.self)
            #expect(try await resident.remote.add(1, 1) == 2)
            let latch = Latch()
            let call = Task {
                await latch.wait()
                try await resident.remote.note(1)
            }
            call.cancel()
            latch.open()
            let result = await call.result
            #expect(throws: CancellationError.self) { try result.get() }
            #expect(try await resident.remote.noted() == [])
        }
    }

    @Test(
        "a call ends at its deadline, may have run, and its method is cancelled",
        arguments: DispatchMode.allCases
    )
    func deadline(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let resident = try await pair.spawn(Resident.self)
            let diary = try await resident.diary
            #expect(try await resident.remote.add(1, 1) == 2)
            let error = await clusterError {
                try await withCallOptions(timeout: .milliseconds(200)) {
                    try await resident.remote.waitForCancellation()
                }
            }
            #expect(error?.code == .timedOut)
            #expect(error?.outcome == .mayHaveExecuted)
            #expect(error?.message.contains("Resident.waitForCancellation()") == true)
            try await eventually { diary.entries == ["started", "cancelled"] }
            try await eventually { pair.callee.openCallCount == 0 && pair.caller.openCallCount == 0 }
        }
    }

    @Test("a call without time left is not sent")
    func noTime() async throws {
        try await withClusterPair { pair in
            let resident = try await pair.spawn(Resident.self)
            #expect(try await resident.remote.add(1, 1) == 2)
            let error = await clusterError {
                try await withCallOptions(timeout: .zero) { try await resident.remote.note(1) }
            }
            #expect(error?.code == .timedOut)
            #expect(error?.outcome == .notExecuted)
            #expect(try await resident.remote.noted() == [])
        }
    }

    @Test("a call whose process does not answer the greeting ends by its deadline, or with its cancellation")
    func silentProcess() async throws {
        try await withClusterPair { pair in
            // Somebody listens, and says nothing.
            let silent = try SilentListener(path: "\(pair.folder)/silent")
            defer { silent.close() }
            let id = ActorID.spawned(77_777, cluster: ClusterPair.cluster)
            let location = ActorLocation(
                process: ProcessID(0xD),
                endpoint: .unix(path: silent.path),
                lane: 0,
                epoch: 1,
                maxPendingCalls: 10
            )
            pair.directory.set(.alive(location), of: id)
            let remote = try Resident.resolve(id: id, using: pair.caller)
            let error = await clusterError {
                try await withCallOptions(timeout: .milliseconds(100)) { try await remote.note(1) }
            }
            #expect(error?.code == .timedOut)
            #expect(error?.outcome == .notExecuted)
            // The greeting, which others could share, still goes on: the call did not wait for its end.
            #expect(silent.isCallerWaiting)

            let call = Task { try await remote.note(2) }
            call.cancel()
            let result = await call.result
            #expect(throws: CancellationError.self) { try result.get() }
            #expect(silent.isCallerWaiting)
        }
    }

    @Test("calls that wait for a greeting end when their system stops")
    func stopDuringGreeting() async throws {
        let ends = Diary()
        try await withClusterPair { pair in
            let silent = try SilentListener(path: "\(pair.folder)/silent")
            defer { silent.close() }
            let id = ActorID.spawned(77_778, cluster: ClusterPair.cluster)
            let location = ActorLocation(
                process: ProcessID(0xD),
                endpoint: .unix(path: silent.path),
                lane: 0,
                epoch: 1,
                maxPendingCalls: 10
            )
            pair.directory.set(.alive(location), of: id)
            let remote = try Resident.resolve(id: id, using: pair.caller)
            Task {
                let error = await clusterError { try await remote.note(1) }
                ends.write(error.map { "\($0.code)" } ?? "none")
            }
            try await eventually { silent.isCallerWaiting }
            await pair.caller.stop()
            try await eventually(within: .seconds(4)) { ends.entries.count == 1 }
            #expect(ends.entries == ["notConnected"])
        }
    }

    @Test("calls to an actor that is gone say so")
    func released() async throws {
        try await withClusterPair { pair in
            var local: Plain? = Plain(actorSystem: pair.callee)
            let id = try #require(local).id
            let remote = try Plain.resolve(id: id, using: pair.caller)
            #expect(try await remote.add(1, 2) == 3)
            local = nil
            var error: ClusterError?
            try await eventually {
                error = await clusterError { _ = try await remote.add(1, 2) }
                return error != nil
            }
            #expect(error?.code == .actorDied(.released))
            #expect(error?.outcome == .notExecuted)
        }
    }

    @Test("calls to an actor that the directory says is dead, or does not know, fail with that")
    func fates() async throws {
        try await withClusterPair { pair in
            let dead = ActorID.spawned(88_001, cluster: ClusterPair.cluster)
            pair.directory.set(.dead(.killed), of: dead)
            let unknown = ActorID.spawned(88_002, cluster: ClusterPair.cluster)
            let away = ActorID.spawned(88_003, cluster: ClusterPair.cluster)
            // The directory is mistaken: nothing of this identity is there.
            pair.directory.set(pair.directory.location(away, in: pair.callee.process, lane: 0), of: away)
            for (id, code) in [
                (dead, ClusterError.Code.actorDied(.killed)), (unknown, .noSuchActor), (away, .noSuchActor),
            ] {
                let remote = try Resident.resolve(id: id, using: pair.caller)
                let error = await clusterError { try await remote.note(1) }
                #expect(error?.code == code)
                #expect(error?.outcome == .notExecuted)
            }
        }
    }

    @Test("a call for another incarnation of the actor does not run")
    func otherEpoch() async throws {
        try await withClusterPair { pair in
            let resident = try await pair.spawn(Resident.self, epoch: 3)
            pair.directory.set(
                pair.directory.location(
                    resident.local.id,
                    in: pair.callee.process,
                    lane: pair.callee.lane(for: resident.local.id).index,
                    epoch: 2
                ),
                of: resident.local.id
            )
            let error = await clusterError { try await resident.remote.note(1) }
            #expect(error?.code == .noSuchActor)
            #expect(try await resident.diary.entries == [])
        }
    }

    @Test("calls end when the callee's system stops, and say that they may have run")
    func calleeStops() async throws {
        try await withClusterPair { pair in
            let resident = try await pair.spawn(Resident.self)
            let diary = try await resident.diary
            let calls = (0..<10).map { number in
                Task { await clusterError { _ = try await resident.remote.hold(number) } }
            }
            try await eventually { diary.entries.count == 10 }
            await pair.callee.stop()
            for call in calls {
                let error = await call.value
                #expect(error?.code == .notConnected)
                #expect(error?.outcome == .mayHaveExecuted)
            }
            diary.latch.open()
        }
    }

    @Test("calls of a system that has stopped fail at once")
    func callerStopped() async throws {
        try await withClusterPair { pair in
            let resident = try await pair.spawn(Resident.self)
            let remote = resident.remote
            #expect(try await remote.add(1, 1) == 2)
            await pair.caller.stop()
            let error = await clusterError { _ = try await remote.add(1, 1) }
            #expect(error?.code == .notConnected)
            #expect(error?.outcome == .notExecuted)
        }
    }
}
