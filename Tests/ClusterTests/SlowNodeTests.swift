import Foundation
import MantaTestSupport
import Testing

@Suite(
    "nodes behind a slow line",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
    .enabled(if: TestNetwork.isAvailable, "needs the superuser and iproute2, to make hosts")
)
struct SlowNodeTests {
    /// What the first two nodes do with each other sends some 70 MiB to each; of the slow line nothing comes to its end.
    @Test(
        "what two nodes do with each other ends long before what a third takes or gives over its slow line",
        arguments: ["feed", "drain"]
    )
    func slowNode(scenario: String) async throws {
        // A line that is full loses heartbeats too.
        try await withMachines(hosts: 3, silence: .seconds(60)) { machines in
            // Brings the program.
            try await machines.run("calls", "3")
            let (fast, slow) = (machines.hosts[1], machines.hosts[2])
            try slow.limit(to: "3mbit")
            let before = try (fast.receivedByteCount(), slow.receivedByteCount())
            let driver = try machines.drive([scenario])
            try await driver.says("done with ", within: .seconds(240))
            let received = try (fast.receivedByteCount() - before.0, slow.receivedByteCount() - before.1)
            let count = scenario == "feed" ? 7 : 6
            #expect(driver.text.contains("done with \(count) of \(count) left"), "\(driver.text)")
            #expect(received.0 > 4 * received.1, "\(received) bytes came")
            #expect(received.0 > 100 << 20, "\(received) bytes came")
            print("slow line, \(scenario): \(driver.text.split(separator: "\n")), \(received) bytes")
            try slow.removeLimit()
            try await driver.succeeds(within: .seconds(240))
            #expect(driver.text.contains("all done"), "\(driver.text)")
            try await machines.run("calls", "3", on: 2, says: "answers 9")
        }
    }
}
