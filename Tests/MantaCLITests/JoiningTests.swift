import Foundation
import Glibc
import MantaTestSupport
import Testing

@Suite(
    "nodes that join by the tool",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct JoiningTests {
    @Test("a node joins with a copy of the secret, offers what it was told, and leaves")
    func join() async throws {
        try await Tool.used { tool in
            let head = try await tool.startHead()
            let secret = "\(tool.home)/copied"
            try FileManager.default.copyItem(atPath: "\(tool.folder(head))/secret", toPath: secret)
            let outcome = try await tool.run(
                "start",
                "--address",
                "127.0.0.1:\(head)",
                "--port",
                "0",
                "--secret-file",
                secret,
                "--resources",
                #"{"cpu": 3, "memory": "1GiB", "tpu": 0.5}"#,
                "--labels",
                "zone=a,disk=ssd",
                "--store-capacity",
                "64MiB"
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let port = try tool.port(outcome.output)
            let list = try await tool.run("list", "nodes", "--json", "--address", "127.0.0.1:\(head)")
            let nodes = try JSONDecoder().decode([Node].self, from: Data(list.output.utf8))
            let node = try #require(nodes.first { $0.address == "127.0.0.1:\(port)" })
            #expect(nodes.count == 2)
            #expect(node.total == ["cpu": 3, "memory": 1_073_741_824, "tpu": 0.5])
            #expect(node.available == node.total)
            #expect(node.labels == ["zone": "a", "disk": "ssd"])
            #expect(node.storeCapacity == 64 << 20)
            #expect(!node.isHead)
            #expect(try await tool.run("stop", "--port", "\(port)").status == 0)
            // It has said that it leaves.
            let status = try await tool.run("status")
            #expect(status.output.contains("Nodes: 1\n"))
            #expect(status.output.contains("Recent failures: none"))
        }
    }

    private struct Node: Decodable {
        var address: String
        var isHead: Bool
        var total: [String: Double]
        var available: [String: Double]
        var labels: [String: String]
        var storeCapacity: Int
    }

    @Test("a node without the secret, or with another one, is refused with what to do")
    func secrets() async throws {
        try await Tool.used { tool in
            let head = try await tool.startHead()
            // Another home, so that the head's folder is not found.
            let elsewhere = ["HOME": "\(tool.home)/elsewhere"]
            let without = try await tool.run(
                "start",
                "--address",
                "127.0.0.1:\(head)",
                "--port",
                "0",
                environment: elsewhere
            )
            #expect(without.status == 1)
            #expect(without.errors.contains("there is no secret in"))
            #expect(without.errors.contains("--secret-file"))
            let wrong = "\(tool.home)/wrong"
            try String(repeating: "ab", count: 32).appending("\n")
                .write(toFile: wrong, atomically: false, encoding: .utf8)
            chmod(wrong, 0o600)
            let other = try await tool.run(
                "start",
                "--address",
                "127.0.0.1:\(head)",
                "--port",
                "0",
                "--secret-file",
                wrong
            )
            #expect(other.status == 1)
            #expect(other.errors.contains("secret"))
            chmod(wrong, 0o644)
            let open = try await tool.run(
                "start",
                "--address",
                "127.0.0.1:\(head)",
                "--port",
                "0",
                "--secret-file",
                wrong
            )
            #expect(open.status == 1)
            #expect(open.errors.contains(wrong))
            #expect(open.errors.contains("Hint:"))
            #expect(!open.errors.contains("abab"))
        }
    }

    @Test("a head that is not there is named")
    func noHead() async throws {
        try await Tool.used { tool in
            let missing = try await tool.run("start", "--address", "no.such.host.invalid:6379")
            #expect(missing.status == 2)
            #expect(missing.errors.contains("no.such.host.invalid"))
        }
    }
}
