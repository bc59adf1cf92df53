import MantaTestSupport
import Testing

@Suite(
    "clusters of several machines",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: TestNetwork.isAvailable, "needs the superuser and iproute2, to make hosts")
)
struct MachineTests {
    @Test("a driver on any machine spawns actors on all of them, which call each other")
    func calls() async throws {
        try await withMachines(hosts: 3) { machines in
            for index in 0..<3 {
                let text = try await machines.run("calls", "3", on: index)
                #expect(text.contains("nodes 3"))
                #expect(text.contains("answers 9"))
            }
        }
    }
}
