import MantaCore
import MantaRuntime
import Testing

@Suite("attempts of a call")
struct CallAttemptsTests {
    private let error = ClusterError(.notConnected, "lost", outcome: .notExecuted)
    private let unknown = ClusterError(.notConnected, "lost while it ran", outcome: .mayHaveExecuted)

    private func location(_ process: UInt64 = 1, epoch: UInt32 = 1) -> ActorLocation {
        ActorLocation(
            process: ProcessID(process),
            endpoint: .unix(path: ""),
            lane: 0,
            epoch: epoch,
            maxPendingCalls: 1
        )
    }

    /// What the caller is told of a call that could only go to another incarnation.
    private func advised(_ error: ClusterError) -> ClusterError {
        var error = error
        error.hint =
            "withCallOptions(retries:, retryUnknown: true) sends also calls again that may have run, "
            + "for methods that may run twice"
        return error
    }

    @Test("without retries, a call that was lost has failed; one that was never sent follows its actor")
    func noRetries() {
        let here = location()
        for fate in [.alive(here), .restarting(.killed), .alive(location(2, epoch: 2)), nil] as [ActorFate?] {
            var attempts = CallAttempts(retries: 0, retryUnknown: true)
            #expect(attempts.lost(unknown, wasSent: true, at: here, fate: fate) == unknown)
        }
        for (fate, result) in [
            (.alive(here), error), (nil, error), (.dead(.killed), error), (.unknown, error),
            (.restarting(.killed), nil), (.alive(location(2)), nil), (.alive(location(epoch: 2)), nil),
        ] as [(ActorFate?, ClusterError?)] {
            var attempts = CallAttempts(retries: 0, retryUnknown: false)
            #expect(attempts.lost(error, wasSent: false, at: here, fate: fate) == result)
            #expect(attempts.refusal(at: location(9)) == nil)
        }
        var attempts = CallAttempts(retries: 0, retryUnknown: false)
        #expect(attempts.unreachable(error) == error)
    }

    @Test("a call that may have run is sent again to the same incarnation, as often as is allowed")
    func sameIncarnation() {
        let here = location()
        var attempts = CallAttempts(retries: 2, retryUnknown: false)
        #expect(attempts.lost(unknown, wasSent: true, at: here, fate: .alive(here)) == nil)
        #expect(attempts.refusal(at: here) == nil)
        #expect(attempts.lost(unknown, wasSent: true, at: here, fate: nil) == nil)
        #expect(attempts.lost(unknown, wasSent: true, at: here, fate: .alive(here)) == unknown)
    }

    @Test("a call that may have run goes to another incarnation only where that is allowed")
    func otherIncarnation() {
        let here = location()
        let died = ClusterError(
            .workerDied(.exited(code: 1)),
            "died",
            hint: "withCallOptions(retries:) sends calls again",
            outcome: .mayHaveExecuted
        )
        var attempts = CallAttempts(retries: 5, retryUnknown: false)
        let restarting = ActorFate.restarting(.exited(code: 1))
        #expect(attempts.lost(died, wasSent: true, at: here, fate: restarting) == advised(died))
        attempts = CallAttempts(retries: 5, retryUnknown: false)
        #expect(attempts.lost(unknown, wasSent: true, at: here, fate: .alive(here)) == nil)
        #expect(attempts.refusal(at: location(epoch: 2)) == advised(unknown))
        #expect(attempts.refusal(at: location(2)) == advised(unknown))
        attempts = CallAttempts(retries: 1, retryUnknown: true)
        #expect(attempts.lost(died, wasSent: true, at: here, fate: restarting) == nil)
        #expect(attempts.refusal(at: location(2, epoch: 2)) == nil)
        #expect(attempts.lost(died, wasSent: true, at: location(2, epoch: 2), fate: restarting) == died)
    }

    @Test("an actor's death ends all attempts, and the outcome is that of the call as a whole")
    func outcome() {
        let here = location()
        var attempts = CallAttempts(retries: 5, retryUnknown: true)
        #expect(attempts.final(error) == error)
        #expect(attempts.lost(unknown, wasSent: true, at: here, fate: .alive(here)) == nil)
        let dead = ClusterError(.actorDied(.killed), "dead", outcome: .notExecuted)
        let end = attempts.lost(dead, wasSent: false, at: here, fate: .dead(.killed))
        #expect(end?.code == .actorDied(.killed))
        #expect(end?.outcome == .mayHaveExecuted)
        #expect(attempts.final(error).outcome == .mayHaveExecuted)
        let executed = ClusterError(.undecodable, "result", outcome: .executed)
        #expect(attempts.final(executed) == executed)
    }

    @Test("an actor that is never where the directory says is looked for three times")
    func notThere() {
        var attempts = CallAttempts(retries: 0, retryUnknown: false)
        #expect(attempts.notThere(error) == nil)
        #expect(attempts.notThere(error) == nil)
        #expect(attempts.notThere(error) == error)
    }
}
