import Foundation
import Glibc
import MantaTestSupport
import Testing

@Suite(
    "programs that the tool submits",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct SubmitTests {
    @Test("a program runs with the cluster in its environment, and its exit code is the command's")
    func run() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let outcome = try await tool.run(
                "submit",
                "--env",
                "COLOUR=a=b",
                "--namespace",
                "tenant",
                "--",
                "sh",
                "-c",
                "echo $MANTA_ADDRESS $MANTA_DIRECTORY $MANTA_NAMESPACE $COLOUR $0 $1; echo words >&2; exit 7",
                "--json",
                "x y"
            )
            #expect(outcome.status == 7)
            #expect(outcome.output == "127.0.0.1:\(port) \(tool.folder(port)) tenant a=b --json x y\n")
            #expect(outcome.errors == "words\n")
        }
    }

    @Test("signals reach the program", arguments: [SIGINT, SIGTERM])
    func signals(signal: Int32) async throws {
        try await Tool.used { tool in
            _ = try await tool.startHead()
            let job = try tool.start(["submit", "--", "sh", "-c", "echo ready; exec sleep 600"])
            try await eventually { job.output == "ready\n" }
            job.signal(signal)
            #expect(try await job.end().status == -signal)
        }
    }

    @Test("without a cluster nothing runs; what is no program ends as in a shell")
    func refused() async throws {
        try await Tool.used { tool in
            let alone = try await tool.run("submit", "--", "touch", "\(tool.home)/ran")
            #expect(alone.status == 2)
            #expect(!FileManager.default.fileExists(atPath: "\(tool.home)/ran"))
            _ = try await tool.startHead()
            let missing = try await tool.run("submit", "--", "no-such-program")
            #expect(missing.status == 127)
            #expect(missing.errors.contains("no-such-program cannot be run"))
            #expect(try await tool.run("submit", "--", "/etc/passwd").status == 126)
            #expect(try await tool.run("submit", "--detach", "--", "no-such-program").status == 1)
            #expect(try await tool.run("submit", "sh").status == 64)
            #expect(try await tool.run("submit", "--env", "=x", "--", "sh").status == 64)
        }
    }

    @Test(
        "in the background it outlives the command, in a session of its own, and writes to a log of the node"
    )
    func detach() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let outcome = try await tool.run(
                "submit",
                "--detach",
                "--",
                "sh",
                "-c",
                "echo words; ps -o sid= -p $$; echo $$; exec sleep 600"
            )
            #expect(outcome.status == 0, "\(outcome.errors)")
            let match = try #require(
                outcome.output.firstMatch(of: #/^([0-9a-f]+) runs as process (\d+); .*/#)
            )
            let log = "\(tool.folder(port))/logs/submit-\(match.1).log"
            #expect(outcome.output.contains(log))
            let process = try #require(Int32(match.2))
            try await eventually { tool.text(log).count { $0 == "\n" } == 3 }
            #expect(tool.text(log).hasSuffix("\(process)\n"))
            #expect(tool.text(log).hasPrefix("words\n"))
            #expect(getsid(process) == process)
            #expect(outcome.output.contains("manta logs \(match.1) shows it"))
            let text = tool.text(log)
            #expect(try await tool.run("logs", String(match.1)).output == text)
            let list = try await tool.run("logs", "submit-\(match.1)", "--list").output
            #expect(list.contains("submit-\(match.1).log"))
            #expect(!list.contains("node.log"))
            kill(process, SIGTERM)
            _ = try await tool.run("stop")
            // Its log is there without the node.
            let later = try await tool.run("logs", String(match.1))
            #expect(later.output == text, "\(later.errors)")
            let unknown = try await tool.run("logs", "1234abcd")
            #expect(unknown.status == 2)
        }
    }
}
