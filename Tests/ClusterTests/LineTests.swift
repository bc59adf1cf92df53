import Foundation
import MantaTestSupport
import Testing

@Suite(
    "objects over lines that are slow, and end",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
    .enabled(if: TestNetwork.isAvailable, "needs the superuser and iproute2, to make hosts")
)
struct LineTests {
    @Test(
        "what can be compressed takes a small part of a slow line, and what cannot takes no more than it is"
    )
    func compression() async throws {
        try await withMachines(hosts: 3) { machines in
            for host in machines.hosts { try host.limit(to: "100mbit") }
            for (kind, most) in [("plain", 0.3), ("random", 1.15)] {
                // The first run brings the program too.
                try await machines.run("calls", "3")
                let before = try machines.hosts[2].receivedByteCount()
                let text = try await machines.run("pull", "16", kind, says: "pulled in")
                let received = try machines.hosts[2].receivedByteCount() - before
                #expect(Double(received) < most * Double(16 << 20), "\(received) bytes came: \(text)")
            }
        }
    }

    @Test("a reader whose source is killed is told what became of the object")
    func killedSource() async throws {
        try await withMachines(hosts: 3) { machines in
            for host in machines.hosts { try host.limit(to: "100mbit") }
            let driver = try machines.drive(["pull", "100", "random"])
            try await driver.says("pulling")
            try await machines.kill(1)
            try await driver.succeeds(within: .seconds(120))
            let codes = ["ownerDied", "objectLost", "nodeDied"]
            #expect(codes.contains { driver.text.contains("not pulled: \($0)") }, "\(driver.text)")
        }
    }
}
