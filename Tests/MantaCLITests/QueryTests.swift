import Foundation
import Glibc
import MantaTestSupport
import Testing

@Suite(
    "questions to a cluster by the tool",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct QueryTests {
    /// A program like a user's.
    static let driver = Bundle.main.bundleURL.appendingPathComponent("MantaClusterDriver").path

    @Test("status and the listings show what runs, what waits, what has failed and what is kept")
    func trouble() async throws {
        try await Tool.used { try await inTrouble($0) }
    }

    @Test("results that cannot be written are a failure")
    func fullDisk() async throws {
        try await Tool.used { tool in
            _ = try await tool.startHead()
            for command in [["status"], ["list", "nodes", "--json"], ["logs", "--list"]] {
                let outcome = try await tool.start(command, output: "/dev/full").end()
                #expect(outcome.status == 1, "\(command)")
                #expect(outcome.errors.contains("cannot write the output: "), "\(outcome.errors)")
            }
        }
    }

    private func inTrouble(_ tool: Tool) async throws {
        let port = try await tool.startHead("--resources", #"{"cpu": 2}"#)
        let job = try tool.start(["submit", "--", Self.driver, "trouble"])
        try await eventually("trouble: \(job.output)\(job.errors)") { job.output.contains("in trouble") }
        // The last of those who wait may not have asked yet.
        try await eventually("demand") {
            try await tool.run("status").output.contains("3 × cpu 1: waits for")
        }
        try await checkStatus(tool, head: "127.0.0.1:\(port)")
        try await checkListings(tool)
        try await checkLogs(tool)
        job.signal(SIGINT)
        #expect(try await job.end().status == -SIGINT)
        try await eventually("the job's end") { try await tool.run("list", "actors").output == "no actors\n" }
        #expect(try await tool.run("list", "objects").output == "no objects\n")
        #expect(try await tool.run("list", "jobs").output == "no jobs\n")
        let ended = try await tool.run("list", "jobs", "--ended", "--json")
        #expect(ended.output.contains("\"state\" : \"ended\""))
        #expect(try await tool.run("status").output.contains("0 drivers"))
    }

    private func checkStatus(_ tool: Tool, head: String) async throws {
        let status = try await tool.run("status")
        #expect(status.output.contains("lacks cpu: 1 of 1 (it now has none)"))
        #expect(status.output.contains("cpu 2/2"))
        #expect(status.output.contains("1 actor alive, 3 pending; 1 driver"))
        #expect(status.output.contains(#/worker process \d+ on node-[0-9a-f]+, with 1 actor: .*SIGABRT/#))
        let json = try await tool.run("status", "--json")
        let report = try JSONDecoder().decode(Report.self, from: Data(json.output.utf8))
        #expect(report.pending.map(\.count) == [3])
        #expect(report.failures.map(\.kind) == ["worker"])
        #expect(report.available["cpu"] == nil)
        #expect(report.head == head)
    }

    private func checkListings(_ tool: Tool) async throws {
        let actors = try await tool.run("list", "actors")
        #expect(actors.output.contains(#/Counter +holder +alive +node-[0-9a-f]+ +\d+ +0 +cpu 2/#))
        #expect(!actors.output.contains("bomb"))
        let all = try await tool.run("list", "actors", "--dead", "--json")
        let rows = try JSONDecoder().decode([Actor].self, from: Data(all.output.utf8))
        #expect(rows.count == 5)
        #expect(rows.first { $0.name == "bomb" }?.state == "dead")
        #expect(rows.first { $0.name == "bomb" }?.cause?.contains("SIGABRT") == true)
        let few = try await tool.run("list", "actors", "--limit", "1")
        #expect(few.output.split(separator: "\n").count == 2)
        #expect(few.errors.contains("1 of 4 actors"))
        let objects = try await tool.run("list", "objects")
        #expect(objects.output.contains(#/1 MiB +primary +node-/#))
        let jobs = try await tool.run("list", "jobs")
        #expect(jobs.output.contains(#/process-[0-9a-f]+ +running +default +.*:\d+ /#))
        #expect(jobs.output.contains(#/ 4 +MantaClusterDriver trouble/#))
    }

    private func checkLogs(_ tool: Tool) async throws {
        // The worker has ended: its log stays.
        let actor = try await tool.run("logs", "bomb")
        #expect(actor.output == "about to explode\n", "\(actor.errors)")
        let row = try #require(
            try await tool.run("list", "jobs").output.split(separator: "\n").dropFirst().first
        )
        let job = try #require(row.split(separator: " ").first)
        #expect(try await tool.run("logs", String(job)).output.contains("about to explode\n"))
        for target in [String(job), "bomb"] {
            let own = try await tool.run("logs", target, "--list")
            #expect(own.output.contains("worker-"), "\(own)")
            #expect(!own.output.contains("node.log"))
        }
        // It is dead: there is nothing to wait for.
        let followed = try await tool.run("logs", "bomb", "--follow")
        #expect(followed.output == "about to explode\n")
        #expect(followed.errors.contains("has ended"))
        let list = try await tool.run("logs", "--list")
        #expect(list.output.contains(#/job-[0-9a-f]+\/worker-\d+\.log +17 B/#), "\(list)")
    }

    private struct Report: Decodable {
        var head: String
        var pending: [Pending]
        var failures: [Failure]
        var available: [String: Double]

        struct Pending: Decodable { var count: Int }
        struct Failure: Decodable { var kind: String }
    }

    private struct Actor: Decodable {
        var name: String?
        var state: String
        var cause: String?
    }

    @Test("looking at a cluster leaves nothing in it")
    func observer() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            for _ in 0..<5 { #expect(try await tool.run("status").status == 0) }
            let status = try await tool.run("status")
            #expect(status.output.contains("0 actors alive; 0 drivers"))
            let names = try FileManager.default.contentsOfDirectory(atPath: tool.folder(port))
            #expect(
                names.filter { $0.hasPrefix("process-") && !$0.hasSuffix(".in") && !$0.contains("-objects-") }
                    .count == 2
            )
        }
    }

    @Test("a drained node shows so and takes nothing more; an unknown one is named")
    func drain() async throws {
        try await Tool.used { tool in
            let head = try await tool.startHead()
            let node = try await tool.run("start", "--address", "127.0.0.1:\(head)", "--port", "0")
            let port = try tool.port(node.output)
            let unknown = try await tool.run("drain", "10.0.0.9:1")
            #expect(unknown.status == 1)
            #expect(unknown.errors.contains("10.0.0.9:1"))
            let drained = try await tool.run("drain", "127.0.0.1:\(port)", "--timeout", "5")
            #expect(drained.status == 0, "\(drained.errors)")
            #expect(drained.output.contains("is drained"))
            #expect(try await tool.run("list", "nodes").output.contains(#/127\.0\.0\.1:\d+ +draining/#))
        }
    }

    @Test("a head that does not answer is told from one that is not there, with 2")
    func silentHead() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let process = try tool.processID(port)
            kill(process, SIGSTOP)
            let status = try await tool.run("status", "--timeout", "0.5")
            kill(process, SIGCONT)
            #expect(status.status == 2)
            #expect(status.errors.contains("the head at 127.0.0.1:\(port) does not answer"))
            #expect(try await tool.run("status").status == 0)
        }
    }
}
