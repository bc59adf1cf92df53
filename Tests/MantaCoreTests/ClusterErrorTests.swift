import Foundation
import MantaCore
import Testing

struct ClusterErrorTests {
    @Test("an error prints its code, what happened, whether the method ran, and the hint")
    func description() {
        var error = ClusterError(.timedOut, "late", outcome: .mayHaveExecuted)
        #expect(error.description == "timedOut: late (the method may have run)")
        error.outcome = .notExecuted
        error.hint = "raise the timeout"
        #expect(
            error.description
                == "timedOut: late (the method did not run). Hint: raise the timeout"
        )
        #expect(ClusterError(.storeFull, "no room").description == "storeFull: no room")
    }

    @Test("a code's name leaves out the cause, so that it can label a metric")
    func codeName() {
        #expect(ClusterError.Code.actorDied(.initFailed("no such file")).name == "actorDied")
        #expect(ClusterError.Code.actorDied(.stopped) != .actorDied(.killed))
    }

    @Test(
        "an error comes back equal from its bytes",
        arguments: [
            ClusterError(
                .actorDied(.crashed(signal: 11, lastOutput: ["a", "b"])),
                "gone",
                outcome: .executed
            ),
            ClusterError(.workerDied(.nodeDied(NodeID(3))), "gone", hint: "again"),
            ClusterError(.infeasible, "too large"),
        ]
    )
    func coding(error: ClusterError) throws {
        let bytes = try JSONEncoder().encode(error)
        #expect(try JSONDecoder().decode(ClusterError.self, from: bytes) == error)
    }
}

struct DeathCauseTests {
    @Test("a crash names the signal and shows the last lines that the process wrote")
    func crash() {
        let cause = DeathCause.crashed(signal: 4, lastOutput: ["one", "two", "three", "four"])
        #expect(cause.description.contains("signal 4 (SIGILL"))
        #expect(cause.description.hasSuffix("last output: two | three | four"))
        #expect(!DeathCause.crashed(signal: 9, lastOutput: []).description.contains("output"))
    }

    @Test("an actor that got no place is not said to have thrown in its init")
    func neverStarted() {
        let cause = DeathCause.neverStarted(ClusterError(.infeasible, "no node can ever hold it"))
        #expect(cause.description == "never started: infeasible: no node can ever hold it")
        #expect(DeathCause.initFailed("no").description == "its init threw: no")
    }

    @Test("a lost node is named")
    func lostNode() {
        #expect(DeathCause.nodeDied(NodeID(0x1a)).description == "node-1a died")
    }
}
