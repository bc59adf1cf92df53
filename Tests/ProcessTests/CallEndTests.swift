import Distributed
import Foundation
import Manta
import MantaTestSupport
import Testing

@Suite("how calls end", .timeLimit(.minutes(10)))
struct CallEndTests {
    @Test("a deadline ends the call for its caller and cancels the method's task")
    func deadline() async throws {
        try await withCluster { test in
            let counter = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(isolation: .process)
            )
            let error = await #expect(throws: ClusterError.self) {
                try await withCallOptions(timeout: .milliseconds(30)) {
                    try await counter.waitForCancellation()
                }
            }
            #expect(error?.code == .timedOut)
            #expect(error?.outcome == .mayHaveExecuted)
            try await eventually { try await counter.sawCancellation }
        }
    }

    @Test("a nested call inherits what is left of its caller's deadline")
    func inherited() async throws {
        try await withCluster { test in
            let a = try await test.system.spawn(Counter.self, .init(), options: .init(isolation: .process))
            let b = try await test.system.spawn(Counter.self, .init(), options: .init(isolation: .process))
            let error = await #expect(throws: ClusterError.self) {
                try await withCallOptions(timeout: .milliseconds(50)) { try await a.callSlowly(b) }
            }
            #expect(error?.code == .timedOut)
            // The nested call has ended as well: b hears of it, and nothing of it stays open at a.
            #expect(try await a.increment() == 1)
            #expect(try await b.increment() == 1)
        }
    }

    @Test("the caller's cancellation reaches the callee's task", arguments: Isolation.allCases)
    func cancellation(isolation: Isolation) async throws {
        try await withCluster { test in
            let counter = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(isolation: isolation)
            )
            let call = Task { try await counter.waitForCancellation() }
            try await eventually { try await counter.isWaiting }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
            try await eventually { try await counter.sawCancellation }
            let before = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await counter.increment()
            }
            await #expect(throws: CancellationError.self) { try await before.value }
            #expect(try await counter.current == 0)
        }
    }

    @Test("calls of one task to one actor start in order, past those that it gave up")
    func order() async throws {
        try await withCluster { test in
            let journal = try await test.system.spawn(Journal.self)
            var sent: [Int] = []
            for number in 0..<3_000 {
                if number.isMultiple(of: 3) {
                    // Given up at once, at a place in its life that differs from call to call.
                    let call = Task { try await journal.slow(number) }
                    for _ in 0..<(number % 7) { await Task.yield() }
                    call.cancel()
                    _ = await call.result
                } else {
                    try await journal.note(number)
                    sent.append(number)
                }
            }
            let started = try await journal.started
            #expect(started == started.sorted())
            #expect(Set(sent).isSubset(of: started))
        }
    }

    @Test(
        "no call hangs when the callee is killed under load, and outcomes agree with its journal",
        arguments: 0..<6
    )
    func killedUnderLoad(round: Int) async throws {
        let file = "/tmp/manta-journal-\(getpid())-\(round)"
        defer { unlink(file) }
        try await withCluster { test in
            let journal = try await test.system.spawn(
                Journal.self,
                options: .init(isolation: .process, environment: ["MANTA_TEST_JOURNAL": file])
            )
            let processID = try await journal.processID()
            let outcomes = Shared<[Int: ClusterError.Outcome?]>([:])
            let answered = Shared(0)
            await withTaskGroup(of: Void.self) { group in
                for task in 0..<40 {
                    group.addTask {
                        for index in 0..<100 {
                            let number = task * 100 + index
                            do {
                                if number.isMultiple(of: 5) {
                                    try await journal.suspended(number)
                                } else {
                                    try await journal.note(number)
                                }
                                outcomes.change { $0[number] = .executed }
                                answered.change { $0 += 1 }
                            } catch {
                                let outcome = (error as? ClusterError)?.outcome
                                outcomes.change { $0[number] = outcome }
                            }
                        }
                    }
                }
                group.addTask {
                    // A different place in the load each round.
                    while answered.value < round * 300 { await Task.yield() }
                    kill(processID, SIGKILL)
                }
            }
            let all = outcomes.value
            #expect(all.count == 4_000)
            let ran = Journal.numbers(in: file)
            for (number, outcome) in all {
                switch outcome {
                case .executed:
                    #expect(ran.contains(number), "call \(number) was answered but is not in the journal")
                case .notExecuted: #expect(!ran.contains(number), "call \(number) ran")
                case .mayHaveExecuted: break
                case nil: Issue.record("call \(number) failed without an outcome")
                }
            }
            #expect(all.values.contains(.notExecuted))
        }
    }

    @Test("a killed worker's callers learn it though nobody shuts the cluster down, and others go on")
    func othersGoOn() async throws {
        try await withCluster { test in
            let victim = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(isolation: .process)
            )
            let other = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(isolation: .process)
            )
            let pid = try await victim.processID()
            let stuck = Task { try await victim.sleep(milliseconds: 60_000) }
            #expect(try await victim.increment() == 1)
            kill(pid, SIGKILL)
            await #expect(throws: ClusterError.self) { try await stuck.value }
            #expect(try await other.increment() == 1)
        }
    }

    @Test("callers past maxPendingCalls wait, and all are answered in the end")
    func backPressure() async throws {
        try await withCluster { test in
            let counter = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(isolation: .thread, maxPendingCalls: 4)
            )
            let results = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    try await counter.hold(milliseconds: 50)
                    return 0
                }
                for _ in 0..<500 { group.addTask { try await counter.increment() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.sorted() == Array(0...500))
        }
    }

    @Test("a call held back by a full window still ends by its deadline, and does not run")
    func heldBack() async throws {
        try await withCluster { test in
            let counter = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(isolation: .thread, maxPendingCalls: 1)
            )
            _ = try await counter.increment()
            try await eventually { test.system.openCallCount == 0 }
            let holding = Task { try await counter.hold(milliseconds: 1_000) }
            try await eventually { test.system.openCallCount == 1 }
            let first = Task { try await counter.increment() }
            try await eventually { test.system.openCallCount == 2 }
            let errors = await withTaskGroup(of: ClusterError?.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        do {
                            _ = try await withCallOptions(timeout: .milliseconds(40)) {
                                try await counter.increment(by: 100)
                            }
                            return nil
                        } catch {
                            return error as? ClusterError
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            try await holding.value
            _ = try await first.value
            #expect(errors.contains { $0?.code == .timedOut && $0?.outcome == .notExecuted })
            let ran = try await counter.current / 100
            #expect(ran <= errors.count { $0 == nil || $0?.outcome == .mayHaveExecuted })
        }
    }

    @Test("a large result for a caller whose process has died takes nobody else down")
    func largeReplyToTheDead() async throws {
        try await withCluster {
            $0.sharedWorkers = 1
        } _: { test in
            let caller = try await test.system.spawn(
                Counter.self,
                .init(),
                options: .init(isolation: .process)
            )
            let callee = try await test.system.spawn(Counter.self, .init())
            let pid = try await callee.processID()
            let asking = Task { try await caller.askForLarge(callee) }
            try await eventually { try await callee.isWaiting }
            kill(try await caller.processID(), SIGKILL)
            await #expect(throws: ClusterError.self) { try await asking.value }
            try await eventually { try await callee.sawCancellation }
            #expect(try await callee.processID() == pid)
        }
    }

    @Test("an error of a nested call says that the method itself ran")
    func nestedOutcome() async throws {
        try await withCluster { test in
            let outer = try await test.system.spawn(Counter.self, .init())
            let inner = try await test.system.spawn(Counter.self, .init())
            try await test.system.kill(inner)
            let error = await #expect(throws: ClusterError.self) {
                try await outer.incrementOther(inner, by: 1)
            }
            #expect(error?.code == .actorDied(.killed))
            #expect(error?.outcome == .executed)
        }
    }

    @Test("a kill from a cancelled task ends the actor all the same")
    func killFromCancelledTask() async throws {
        try await withCluster { test in
            let actor = try await test.system.spawn(Counter.self, .init())
            #expect(try await actor.increment() == 1)
            let cleanUp = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try? await test.system.kill(actor)
            }
            await cleanUp.value
            let error = await #expect(throws: ClusterError.self) { try await actor.increment() }
            #expect(error?.code == .actorDied(.killed))
        }
    }

    @Test("after shutdown, calls fail with notConnected")
    func shutDown() async throws {
        let leftover = Shared<Counter?>(nil)
        try await withCluster { test in
            let counter = try await test.system.spawn(Counter.self, .init())
            _ = try await counter.increment()
            leftover.change { $0 = counter }
        }
        let counter = try #require(leftover.value)
        let error = await #expect(throws: ClusterError.self) { try await counter.increment() }
        #expect(error?.code == .notConnected)
        #expect(error?.outcome == .notExecuted)
    }

    @Test("a circle of serial actors in processes of their own ends with an error that names it")
    func deadlock() async throws {
        try await withCluster { test in
            let options = ActorOptions(isolation: .process, concurrency: .serial)
            let first = try await test.system.spawn(Counter.self, .init(), options: options)
            let second = try await test.system.spawn(Counter.self, .init(), options: options)
            let error = await clusterError { _ = try await first.incrementThrough(second, first) }
            #expect(error?.code == .deadlock)
            for actor in [first, second] { #expect(error?.message.contains("Counter (\(actor.id))") == true) }
            #expect(try await first.increment() == 1)
        }
    }
}

/// Notes the calls that start in it, in memory and in a file that outlives it.
distributed actor Journal: Spawnable {
    private(set) var notes: [Int] = []
    private let file: Int32

    init(_ arguments: NoArguments, actorSystem: ClusterSystem) async throws {
        self.actorSystem = actorSystem
        file =
            getenv("MANTA_TEST_JOURNAL").map { open($0, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0o600) }
            ?? -1
    }

    distributed var started: [Int] { notes }
    distributed func processID() -> Int32 { getpid() }

    distributed func note(_ number: Int) {
        notes.append(number)
        let line = Array("\(number)\n".utf8)
        if file >= 0 { _ = write(file, line, line.count) }
    }

    distributed func slow(_ number: Int) async throws {
        note(number)
        try await Task.sleep(for: .seconds(5))
    }

    distributed func suspended(_ number: Int) async {
        note(number)
        await Task.yield()
    }

    /// What a journal of this name holds; a line that was cut off does not count.
    static func numbers(in file: String) -> Set<Int> {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return [] }
        return Set(text.split(separator: "\n").compactMap { Int($0) })
    }
}
