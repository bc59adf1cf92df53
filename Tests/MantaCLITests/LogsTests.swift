import Foundation
import Glibc
import MantaTestSupport
import Testing

@Suite(
    "logs by the tool",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct LogsTests {
    @Test("the log of this machine's node is shown from its files, whether it runs or not")
    func local() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let log = "\(tool.folder(port))/logs/node.log"
            #expect(try await tool.run("logs").output == tool.text(log))
            #expect(try await tool.run("logs", "--list").output.contains("node.log"))
            _ = try await tool.run("stop")
            let dead = try await tool.run("logs", "--tail", "1")
            #expect(dead.output.hasSuffix("manta.node: stopped\n"))
            #expect(dead.output.split(separator: "\n").count == 1)
            #expect(try await tool.run("logs", "--directory", "\(tool.home)/nowhere").status != 0)
        }
    }

    @Test("the log of another node comes through the head; that of one that is gone does not, and is named")
    func remote() async throws {
        try await Tool.used { tool in
            let head = try await tool.startHead()
            let started = try await tool.run("start", "--address", "127.0.0.1:\(head)", "--port", "0")
            let port = try tool.port(started.output)
            let list = try await tool.run("list", "nodes").output
            let line = try #require(list.split(separator: "\n").first { $0.contains("127.0.0.1:\(port) ") })
            let node = String(try #require(line.split(separator: " ").first))
            let text = tool.text("\(tool.folder(port))/logs/node.log")
            #expect(try await tool.run("logs", node).output == text)
            #expect(text.contains(node))
            // By its address, too; and of two nodes on a machine that of the head, if the cluster is named.
            #expect(try await tool.run("logs", "127.0.0.1:\(port)").output == text)
            #expect(try await tool.run("logs", "127.0.0.1:\(port)", "--list").output.contains(node))
            let own = tool.text("\(tool.folder(head))/logs/node.log")
            let address = "127.0.0.1:\(head)"
            #expect(try await tool.run("logs", "--address", address).output == own)
            #expect(try await tool.run("logs", environment: ["MANTA_ADDRESS": address]).output == own)
            #expect(try await tool.run("logs", "--address", "127.0.0.1:\(port)").status == 0)
            #expect(try await tool.run("logs").status == 1)
            #expect(try await tool.run("logs", "--address", "127.0.0.1:1").status == 2)
            kill(try tool.processID(port), SIGKILL)
            try await eventually("the node's end") {
                try await tool.run("status").output.contains("Nodes: 1\n")
            }
            let gone = try await tool.run("logs", node)
            #expect(gone.status == 1)
            #expect(gone.errors.contains("\(node) is not in the cluster"))
            let nobody = try await tool.run("logs", "nobody")
            #expect(nobody.status == 1)
            #expect(nobody.errors.contains("\"nobody\""))
        }
    }

    @Test("a log is followed, also past its rotation, until a signal")
    func follow() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let log = "\(tool.folder(port))/logs/node.log"
            let follower = try tool.start(["logs", "--follow", "--tail", "0"])
            try await eventually { follower.output.contains("joined") }
            try FileManager.default.moveItem(atPath: log, toPath: "\(log).1")
            kill(try tool.processID(port), SIGHUP)
            _ = try await tool.run("stop")
            try await eventually("the last line: \(follower.output)") {
                follower.output.hasSuffix("manta.node: stopped\n")
            }
            #expect(follower.output == tool.text("\(log).1") + tool.text(log))
            follower.signal(SIGINT)
            #expect(try await follower.end().status == -SIGINT)
        }
    }
}
