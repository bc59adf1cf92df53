import Foundation
import MantaTestSupport
import Testing

/// Of Debian's etcd-server.
private let etcdProgram = "/usr/bin/etcd"

@Suite(
    "heads that are elected",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
    .enabled(if: TestNetwork.isAvailable, "needs the superuser and iproute2, to make hosts"),
    .enabled(if: FileManager.default.isExecutableFile(atPath: etcdProgram), "needs etcd-server")
)
struct ElectionTests {
    @Test("when the head's machine is lost another one serves, and what was acknowledged is there")
    func takeover() async throws {
        let network = try TestNetwork(hostCount: 4)
        defer { network.remove() }
        let hosts = network.hosts
        let url = "http://\(hosts[0].address):2379"
        let etcd = try hosts[0].start(
            etcdProgram,
            [
                "--data-dir", hosts[0].folder.appendingPathComponent("etcd").path, "--listen-client-urls",
                url,
                "--advertise-client-urls", url,
            ]
        )
        let heads = "\(hosts[1].address):6379,\(hosts[2].address):6379"
        let secret = network.folder.appendingPathComponent("secret").path
        try String(repeating: "ab", count: 32).appending("\n").write(
            toFile: secret,
            atomically: true,
            encoding: .utf8
        )
        chmod(secret, 0o600)
        func start(_ index: Int, _ role: [String]) async throws -> HostProgram {
            let program = try hosts[index].start(
                "manta",
                ["start"] + role + [
                    "--block", "--bind", hosts[index].address, "--directory",
                    hosts[index].folder.appendingPathComponent("node").path, "--secret-file",
                    secret,
                ]
            )
            try await program.says("runs at \(hosts[index].address)")
            return program
        }
        let candidate = ["--head", "--etcd", url, "--address", heads]
        do {
            let first = try await start(1, candidate)
            let second = try await start(2, candidate)
            let member = try await start(3, ["--address", heads])
            let driver = try hosts[3].start(
                "MantaClusterDriver",
                ["survive", "15"],
                environment: [
                    "MANTA_ADDRESS": heads,
                    "MANTA_DIRECTORY": hosts[3].folder.appendingPathComponent("node").path,
                ]
            )
            try await driver.says("ready on 3 nodes")
            first.signal(SIGKILL)
            try await second.says("serving the directory")
            try await driver.succeeds()
            #expect(driver.text.contains("survived"), "\(driver.text)")
            for program in [member, second] {
                program.signal(SIGTERM)
                #expect(try await program.end() == 0)
            }
            etcd.signal(SIGTERM)
        } catch {
            throw HostFailure(description: "\(error)\n\(etcd.text.suffix(2_000))")
        }
    }
}
