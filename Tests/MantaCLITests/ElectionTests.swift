import Foundation
import Glibc
import MantaTestSupport
import Testing

@Suite(
    "heads that etcd elects, by the tool",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
    .enabled(if: Etcd.isInstalled, "etcd is not installed: apt-get install etcd-server")
)
struct ElectionTests {
    @Test("a second candidate takes over when the head is killed, with the same cluster")
    func takeover() async throws {
        try await Tool.used { tool in
            let etcd = try Etcd(in: tool)
            defer { etcd.stop() }
            try await takeover(tool, etcd)
        }
    }

    private func takeover(_ tool: Tool, _ etcd: Etcd) async throws {
        let candidate = ["start", "--head", "--etcd", etcd.endpoint, "--cluster", "test", "--port", "0"]
        let first = try await tool.start(candidate).end()
        try #require(first.status == 0, "\(first.errors)")
        #expect(first.output.contains("A node that may be the head runs at"))
        let head = try tool.port(first.output)
        let heir = try await tool.start(candidate + ["--address", "127.0.0.1:\(head)"]).end()
        try #require(heir.status == 0, "\(heir.errors)")
        let second = try tool.port(heir.output)
        let question = ["status", "--json", "--address", "127.0.0.1:\(second)"]
        let environment = ["MANTA_DIRECTORY": tool.folder(second)]
        let before = try await tool.start(question, environment: environment).end()
        let report = try JSONDecoder().decode(Report.self, from: Data(before.output.utf8))
        #expect(report.head == "127.0.0.1:\(head)")
        #expect(report.nodes.count == 2)

        kill(try tool.processID(head), SIGKILL)
        try await eventually("the new head") {
            let outcome = try await tool.start(question + ["--timeout", "1"], environment: environment).end()
            let now = try? JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
            return now?.head == "127.0.0.1:\(second)" && now?.cluster == report.cluster
        }
        #expect(try await tool.run("stop", "--port", "\(second)").status == 0)
    }

    private struct Report: Decodable {
        var cluster: String
        var head: String
        var nodes: [Node]

        struct Node: Decodable { var address: String }
    }

    @Test("a candidate without etcd is refused with what is missing")
    func options() async throws {
        try await Tool.used { tool in
            #expect(try await tool.run("start", "--address", "a:1", "--etcd", "http://b:2379").status == 64)
            #expect(try await tool.run("start", "--head", "--cluster", "x").status == 64)
            let wrong = try await tool.run("start", "--head", "--port", "0", "--etcd", "nonsense")
            #expect(wrong.status == 1)
            #expect(wrong.errors.contains("\"nonsense\" is no address of etcd"))
        }
    }
}
