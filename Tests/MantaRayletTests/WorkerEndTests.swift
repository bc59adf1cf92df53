import Glibc
import MantaCore
@testable import MantaRaylet
import Testing

@Suite("the end of a worker, as its raylet tells it")
struct WorkerEndTests {
    private struct Process: WorkerHandle {
        let lastLines: [String] = []
        let id = ProcessID(1)
        let operatingSystemID: Int32 = 100
        func setLabel(_ label: String?) {}
        func kill() {}
        func kill(because reason: String) {}
    }

    private let killed = DeathCause.crashed(signal: SIGKILL, lastOutput: ["willStop"])

    @Test("one that the raylet ended has not crashed")
    func asked() {
        let worker = Raylet.Worker(process: Process(), ending: .jobEnded)
        #expect(worker.cause(of: killed) == .jobEnded)
    }

    @Test("one that ended by itself has, also when the raylet was about to end it")
    func unasked() {
        #expect(Raylet.Worker(process: Process()).cause(of: killed) == killed)
        let retiring = Raylet.Worker(process: Process(), ending: .stopped)
        for cause: DeathCause in [.crashed(signal: SIGILL, lastOutput: ["no"]), .exited(code: 3)] {
            #expect(retiring.cause(of: cause) == cause)
        }
    }
}
