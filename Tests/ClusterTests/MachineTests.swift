import Foundation
import MantaTestSupport
import Testing

@Suite(
    "clusters of several machines",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
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

    @Test("nodes with certificates of one authority are a cluster too, and one with a secret is not of it")
    func certificates() async throws {
        try await withMachines(hosts: 2, hasCertificates: true) { machines in
            try await machines.run("calls", "2", on: 1, says: "answers 4")
            let host = machines.hosts[1]
            let secret = machines.network.folder.appendingPathComponent("secret").path
            try String(repeating: "ab", count: 32).appending("\n")
                .write(toFile: secret, atomically: true, encoding: .utf8)
            chmod(secret, 0o600)
            let stranger = try host.start(
                "manta",
                [
                    "start", "--address", "\(machines.head.address):6379", "--block", "--bind", host.address,
                    "--port", "7000", "--directory", host.folder.appendingPathComponent("stranger").path,
                    "--secret-file", secret,
                ]
            )
            let code = try await stranger.end()
            #expect(code != 0)
            try await machines.run("calls", "2", says: "answers 4")
        }
    }

    @Test("objects made on any machine are read on all of them")
    func objects() async throws {
        try await withMachines(hosts: 2) { machines in
            try await machines.run("objects", "8", on: 1, says: "all read")
        }
    }

    @Test("what was on a machine whose node is killed goes on elsewhere")
    func killedNode() async throws {
        try await withMachines(hosts: 3) { machines in
            let driver = try machines.drive(["survive", "6"])
            try await driver.says("ready on 3 nodes")
            try await machines.kill(2)
            try await driver.succeeds()
            #expect(driver.text.contains("restarting"), "\(driver.text)")
        }
    }

    @Test("what was on a machine that freezes goes on elsewhere, and the machine comes back as another node")
    func frozenNode() async throws {
        try await withMachines(hosts: 3) { machines in
            let driver = try machines.drive(["survive", "12"])
            try await driver.says("ready on 3 nodes")
            machines.node(2)?.signal(SIGSTOP)
            try await driver.says("alive (incarnation 2)")
            machines.node(2)?.signal(SIGCONT)
            try await driver.succeeds()
            try await machines.run("calls", "3", says: "answers 9")
        }
    }

    @Test(
        "a node whose port the others cannot reach learns that it was given up, and is a member when they can"
    )
    func blockedNode() async throws {
        try await withMachines(hosts: 3) { machines in
            let hosts = machines.hosts
            for host in hosts.dropLast() { try host.block(hosts[2]) }
            try await machines.node(2)?.says("this node was declared dead")
            for host in hosts.dropLast() { try host.unblock(hosts[2]) }
            try await eventually(within: .seconds(60)) {
                (try? await machines.run("calls", "3", says: "answers 9")) != nil
            }
        }
    }

    @Test(
        "a program whose machine's node was lost keeps its calls, and is refused objects that nobody else could read"
    )
    func orphan() async throws {
        try await withMachines(hosts: 2) { machines in
            let driver = try machines.drive(["orphan"], on: 1)
            try await driver.says("ready")
            machines.node(1)?.signal(SIGSTOP)
            try await driver.says("refused: node-")
            machines.node(1)?.signal(SIGCONT)
            try await driver.says("called")
            try await driver.succeeds()
        }
    }

    @Test(
        "what was on a machine that is cut off goes on elsewhere, and the machine comes back as another node"
    )
    func cutNode() async throws {
        try await withMachines(hosts: 3) { machines in
            let driver = try machines.drive(["survive", "20"])
            try await driver.says("ready on 3 nodes")
            try machines.hosts[2].cut()
            try await driver.says("alive (incarnation 2)")
            try machines.hosts[2].heal()
            try await driver.succeeds()
            try await machines.run("calls", "3", says: "answers 9")
        }
    }

    @Test("who has another secret, or none, is refused, and nothing changes")
    func wrongSecret() async throws {
        try await withMachines(hosts: 2) { machines in
            let host = machines.hosts[1]
            let secret = machines.network.folder.appendingPathComponent("other").path
            try String(repeating: "ab", count: 32).appending("\n").write(
                toFile: secret,
                atomically: true,
                encoding: .utf8
            )
            chmod(secret, 0o600)
            let stranger = try host.start(
                "manta",
                [
                    "start", "--address", "\(machines.head.address):6379", "--block", "--bind", host.address,
                    "--port",
                    "7000", "--directory", host.folder.appendingPathComponent("stranger").path,
                    "--secret-file", secret,
                ]
            )
            let code = try await stranger.end()
            #expect(code != 0)
            #expect(stranger.text.contains("secret"), "\(stranger.text)")
            try await machines.run("calls", "2", says: "answers 4")
        }
    }

    @Test("when a driver is killed, its actors end and detached ones go on, also when their own node dies")
    func killedDriver() async throws {
        try await withMachines(hosts: 3) { machines in
            let driver = try machines.drive(["hold"], on: 1)
            try await driver.says("holding")
            driver.signal(SIGKILL)
            _ = try await driver.end()
            try await machines.run("heirs", on: 0, says: "mortal has ended")
            for index in 1..<3 {
                try await machines.kill(index)
                try await machines.start(index)
                try await machines.run("heirs", on: 0, says: "lasting answers")
            }
        }
    }

    @Test("a node is drained without a call that fails")
    func drain() async throws {
        try await withMachines(hosts: 3) { machines in
            let driver = try machines.drive(["survive", "6"])
            try await driver.says("ready on 3 nodes")
            let tool = try machines.hosts[1].start(
                "manta",
                ["drain", "\(machines.hosts[1].address):6379", "--address", "\(machines.head.address):6379"],
                environment: machines.environment(of: 1)
            )
            try await tool.succeeds()
            try await driver.succeeds()
            #expect(driver.text.contains("restarting"), "\(driver.text)")
            #expect(!driver.text.contains("failed"), "\(driver.text)")
        }
    }

    @Test(
        "while the head is down all goes on that needs no decision, and what does waits, also for a driver beside it",
        arguments: [1, 0]
    )
    func killedHead(host: Int) async throws {
        try await withMachines(hosts: 3) { machines in
            let driver = try machines.drive(["headless"], on: host)
            try await driver.says("ready")
            try await machines.kill(0)
            try await driver.says("called without a head")
            try await machines.start(0)
            try await driver.says("spawned when it was there again")
            try await driver.succeeds()
            try await machines.run("calls", "3", on: 2, says: "answers 9")
        }
    }
}
