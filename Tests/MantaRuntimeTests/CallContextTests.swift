import MantaCore
import MantaTestSupport
import MantaTransport
import Testing

@testable import MantaRuntime

@Suite("call context", .timeLimit(.minutes(10)))
struct CallContextTests {
    private let now = Moment(nanoseconds: 1_000_000_000_000)

    @Test("a call that nobody gave a timeout has 30 seconds")
    func standard() {
        #expect(CallContext.deadline(from: now) == now + .seconds(30))
    }

    @Test("a timeout holds for the calls in its scope, in child tasks too, and ends with it")
    func scope() async {
        let now = now
        await withCallOptions(timeout: .seconds(5)) {
            #expect(CallContext.deadline(from: now) == now + .seconds(5))
            async let child = CallContext.deadline(from: now)
            #expect(await child == now + .seconds(5))
        }
        #expect(CallContext.deadline(from: now) == now + .seconds(30))
    }

    @Test("of nested timeouts the shorter holds")
    func nested() async {
        await withCallOptions(timeout: .seconds(5)) {
            await withCallOptions(timeout: .seconds(9)) {
                #expect(CallContext.deadline(from: now) == now + .seconds(5))
            }
            await withCallOptions(timeout: .seconds(2)) {
                #expect(CallContext.deadline(from: now) == now + .seconds(2))
            }
            await withCallOptions { #expect(CallContext.deadline(from: now) == now + .seconds(5)) }
            #expect(CallContext.deadline(from: now) == now + .seconds(5))
        }
    }

    @Test("a timeout may be longer than the standard one")
    func longer() async {
        await withCallOptions(timeout: .seconds(300)) {
            #expect(CallContext.deadline(from: now) == now + .seconds(300))
        }
    }

    @Test(
        "what a served call calls ends no later than itself; an unstructured task outlives it, and does not",
        arguments: DispatchMode.allCases
    )
    func served(dispatch: DispatchMode) async throws {
        try await withClusterPair(dispatch: dispatch) { pair in
            let resident = try await pair.spawn(Resident.self)
            let plain = try pair.make { Plain(actorSystem: $0) }
            let views = try await withCallOptions(timeout: .seconds(20)) {
                [try await resident.remote.served(), try await plain.remote.served()]
            }
            for view in views {
                #expect(view.secondsLeft > 0 && view.secondsLeft < 21)
                #expect(view.secondsLeftInTask > 29)
            }
            // Longer than the standard: the callee's own calls inherit it.
            let patient = try await withCallOptions(timeout: .seconds(500)) {
                try await resident.remote.served()
            }
            #expect(patient.secondsLeft > 400 && patient.secondsLeft <= 500)
        }
    }

    @Test("a body ends before its deadline with its result or its error")
    func bodyFirst() async throws {
        #expect(try await withDeadline(.distantFuture) { 7 } == 7)
        #expect(try await withDeadline(Lane.now + .seconds(100)) { 7 } == 7)
        await #expect(throws: Mistake(number: 1)) {
            try await withDeadline(Lane.now + .seconds(100)) { throw Mistake(number: 1) }
        }
    }

    @Test("a deadline cancels the body, and is told apart from what the body throws", arguments: [0, 20])
    func deadlineFirst(milliseconds: Int) async {
        let diary = Diary()
        await #expect(throws: DeadlinePassed.self) {
            try await withDeadline(Lane.now + .milliseconds(milliseconds)) {
                do {
                    try await Task.sleep(for: .seconds(600))
                } catch {
                    diary.write("cancelled")
                    throw error
                }
            }
        }
        #expect(diary.entries == ["cancelled"])
    }

    @Test("a body that returns nothing in time is not taken for one that is late")
    func optionalResult() async throws {
        let result: Int? = try await withDeadline(Lane.now + .seconds(100)) { nil }
        #expect(result == nil)
    }

    @Test("a caller that is cancelled cancels the body")
    func cancelled() async throws {
        let diary = Diary()
        let task = Task {
            try await withDeadline(Lane.now + .seconds(600)) {
                diary.write("started")
                do { try await Task.sleep(for: .seconds(600)) } catch {
                    diary.write("cancelled")
                    throw error
                }
            }
        }
        try await eventually { diary.entries == ["started"] }
        task.cancel()
        let result = await task.result
        #expect(throws: CancellationError.self) { try result.get() }
        #expect(diary.entries == ["started", "cancelled"])
    }
}
