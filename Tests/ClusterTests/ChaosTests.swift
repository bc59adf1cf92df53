import Foundation
import MantaTestSupport
import Testing

@Suite(
    "a cluster of which parts die and come back at random",
    .serialized,
    .timeLimit(.minutes(60)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
    .enabled(if: TestNetwork.isAvailable, "needs the superuser and iproute2, to make hosts")
)
struct ChaosTests {
    /// `MANTA_CHAOS_SECONDS`; `MANTA_CHAOS_SEED` repeats the faults of a run, though not their effects.
    private static let seconds =
        ProcessInfo.processInfo.environment["MANTA_CHAOS_SECONDS"].flatMap(Double.init) ?? 20
    private static let seed =
        ProcessInfo.processInfo.environment["MANTA_CHAOS_SEED"].flatMap(UInt64.init)
        ?? .random(in: 1...1_000_000)

    @Test("under a mixed load all promises are kept, and nothing is left")
    func chaos() async throws {
        print("chaos: seed \(Self.seed), \(Self.seconds) s")
        try await withMachines(hosts: 4) { machines in
            let folder = machines.network.folder.appendingPathComponent("chaos").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            let driver = try machines.drive(["chaos", folder, "6", "8"], on: 1)
            try await driver.says("ready")
            var monkey = ChaosMonkey(machines, seed: Self.seed)
            let end = ContinuousClock.now + .seconds(Self.seconds)
            while ContinuousClock.now < end, driver.isRunning { try await monkey.act() }
            try await monkey.mend()
            _ = FileManager.default.createFile(atPath: "\(folder)/over", contents: nil)
            try await driver.succeeds(within: .seconds(120))
            print(driver.text)
            guard driver.text.contains("all promises kept") else {
                throw HostFailure(description: "seed \(Self.seed): \(driver.text)")
            }
        }
    }
}
