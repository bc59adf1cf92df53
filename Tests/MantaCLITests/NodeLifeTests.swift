import Foundation
import Glibc
import MantaTestSupport
import Testing

@Suite(
    "nodes that the tool starts and stops",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1")
)
struct NodeLifeTests {
    @Test("a head starts in the background, shows in status, and stops")
    func life() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let status = try await tool.run("status")
            #expect(status.status == 0, "\(status.errors)")
            #expect(status.output.contains("directory in \(tool.folder(port))/data"))
            #expect(status.output.contains("127.0.0.1:\(port)"))
            #expect(status.output.contains("alive, head"))
            #expect(status.output.contains("Pending demand: none"))
            #expect(status.output.contains("0 drivers"))
            let process = try tool.processID(port)
            #expect(getsid(process) == process)
            let stop = try await tool.run("stop")
            #expect(stop.status == 0, "\(stop.errors)")
            #expect(stop.output.contains("stopped the node in \(tool.folder(port)) (process \(process))"))
            let left = try FileManager.default.contentsOfDirectory(atPath: tool.folder(port)).sorted()
            #expect(left == ["data", "lock", "logs", "secret"])
            let log = tool.text("\(tool.folder(port))/logs/node.log")
            #expect(log.contains(#/20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ INFO manta\.node: joined /#))
            #expect(log.hasSuffix("manta.node: stopped\n"))
        }
    }

    @Test("what is in a node's folder is for its user alone")
    func modes() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            for (name, mode) in [
                ("", 0o700), ("/secret", 0o600), ("/logs", 0o700), ("/logs/node.log", 0o600),
            ] {
                let attributes = try FileManager.default.attributesOfItem(atPath: tool.folder(port) + name)
                #expect(attributes[.posixPermissions] as? Int == mode, "\(name)")
            }
            #expect(
                !tool.text("\(tool.folder(port))/logs/node.log").contains(
                    tool.text("\(tool.folder(port))/secret")
                )
            )
        }
    }

    @Test("a head whose secret is gone makes another one, and says what that means")
    func lostSecret() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let log = "\(tool.folder(port))/logs/node.log"
            #expect(!tool.text(log).contains("secret was gone"))
            #expect(try await tool.run("stop").status == 0)
            try FileManager.default.removeItem(atPath: "\(tool.folder(port))/secret")
            let again = try await tool.run("start", "--head", "--port", "\(port)")
            #expect(again.status == 0, "\(again.errors)")
            #expect(tool.text(log).contains("secret was gone"))
        }
    }

    @Test("a second node in a folder, and one at a port that is taken, are refused with a remedy")
    func taken() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let again = try await tool.run("start", "--head", "--port", "\(port)")
            #expect(again.status == 1)
            #expect(again.errors.contains("a node runs in \(tool.folder(port)) already"))
            #expect(again.errors.contains("manta stop --directory"))
            let elsewhere = try await tool.run(
                "start",
                "--head",
                "--port",
                "\(port)",
                "--directory",
                "\(tool.home)/other"
            )
            #expect(elsewhere.status == 1)
            #expect(elsewhere.errors.contains("127.0.0.1:\(port)"))
            #expect(elsewhere.errors.contains("--port"))
            let blocked = try await tool.run(
                "start",
                "--head",
                "--block",
                "--port",
                "\(port)",
                "--directory",
                "\(tool.home)/other"
            )
            #expect(blocked.status == 1)
            #expect(try await tool.run("status").status == 0)
        }
    }

    @Test("a folder for spilled objects that is not there is made, one that cannot be is refused at once")
    func spillDirectory() async throws {
        try await Tool.used { tool in
            let missing = "\(tool.home)/not/there"
            let refused = try await tool.run("start", "--head", "--port", "0", "--spill-directory", missing)
            #expect(refused.status == 1)
            #expect(refused.errors.contains("objects cannot be spilled to \(missing): "))
            #expect(refused.errors.contains("--spill-directory"))
            let folder = "\(tool.home)/spilled"
            let head = try await tool.run("start", "--head", "--port", "0", "--spill-directory", folder)
            #expect(head.status == 0, "\(head.errors)")
            #expect(FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test("a program that ends in order, with its actors and their workers, is no failure")
    func orderlyEnd() async throws {
        try await Tool.used { tool in
            _ = try await tool.startHead()
            let job = try await tool.run("submit", "--", QueryTests.driver, "witnesses")
            #expect(job.output.hasSuffix("all heard\n"), "\(job.errors)")
            try await eventually("the end of both actors") {
                let list = try await tool.run("list", "actors", "--dead")
                return list.output.split(separator: "\n").count { $0.contains("its owner ended") } == 2
            }
            let status = try await tool.run("status")
            #expect(status.output.contains("Recent failures: none"), "\(status.output)")
        }
    }

    @Test("of two that start in a folder at once, one does, and the other does it no harm")
    func atOnce() async throws {
        try await Tool.used { tool in
            let directory = "\(tool.home)/both"
            let starts = try (0..<2).map { _ in
                try tool.start(["start", "--head", "--port", "0", "--directory", directory])
            }
            var statuses: [Int32] = []
            for start in starts {
                let outcome = try await start.end()
                statuses.append(outcome.status)
                #expect(outcome.status == 0 || outcome.errors.contains(directory), "\(outcome.errors)")
            }
            #expect(statuses.sorted() == [0, 1])
            let status = try await tool.run("status", environment: ["MANTA_DIRECTORY": directory])
            #expect(status.output.contains("Nodes: 1\n"), "\(status.errors)")
            #expect(try await tool.run("stop", "--directory", directory).status == 0)
        }
    }

    @Test("a start that is interrupted leaves no node")
    func interrupted() async throws {
        try await Tool.used { tool in
            let head = try await tool.startHead()
            let process = try tool.processID(head)
            // So that the head takes its time.
            kill(process, SIGSTOP)
            let start = try tool.start(["start", "--address", "127.0.0.1:\(head)", "--port", "0"])
            try await eventually("the node's process") { tool.processes.count == 3 }
            start.signal(SIGINT)
            #expect(try await start.end().status == -SIGINT)
            kill(process, SIGCONT)
            try await eventually("the end of the node") { tool.processes == [process] }
            #expect(try await tool.run("list", "nodes").output.split(separator: "\n").count == 2)
        }
    }

    @Test(
        "a killed node is no node; another starts in its folder, and its process number is trusted by nobody"
    )
    func killed() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let process = try tool.processID(port)
            let secret = tool.text("\(tool.folder(port))/secret")
            kill(process, SIGKILL)
            try await eventually { kill(process, 0) != 0 }
            #expect(try tool.processID(port) == process)
            // A process that has nothing to do with it has got the number.
            try "\(getpid())\n".write(toFile: "\(tool.folder(port))/pid", atomically: true, encoding: .utf8)
            let stop = try await tool.run("stop", "--port", "\(port)")
            #expect(stop.status == 2)
            #expect(stop.errors.contains("no node runs in \(tool.folder(port))"))
            #expect(try await tool.run("status").status == 2)
            let start = try await tool.run("start", "--head", "--port", "\(port)")
            #expect(start.status == 0, "\(start.errors)")
            #expect(tool.text("\(tool.folder(port))/secret") == secret)
            #expect(start.output.contains("goes on with the directory in its folder"))
            #expect(try await tool.run("status").status == 0)
        }
    }

    @Test("a process number that is another process's is not signalled while a node runs")
    func strangerInFile() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let process = try tool.processID(port)
            try "\(getpid())\n".write(toFile: "\(tool.folder(port))/pid", atomically: true, encoding: .utf8)
            let stop = try await tool.run("stop", "--port", "\(port)")
            #expect(stop.status == 1)
            #expect(stop.errors.contains("which process it is cannot be seen"))
            try "\(process)\n".write(toFile: "\(tool.folder(port))/pid", atomically: true, encoding: .utf8)
            #expect(try await tool.run("stop", "--port", "\(port)").status == 0)
        }
    }

    @Test("a node that does not end in time is killed, and its folder is as after an orderly end")
    func stubborn() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let process = try tool.processID(port)
            kill(process, SIGSTOP)
            let stop = try await tool.run("stop", "--timeout", "0.2")
            #expect(stop.status == 0, "\(stop.errors)")
            #expect(stop.output.contains("killed the node in \(tool.folder(port)) (process \(process))"))
            let left = try FileManager.default.contentsOfDirectory(atPath: tool.folder(port)).sorted()
            #expect(left == ["data", "lock", "logs", "secret"])
        }
    }

    @Test("in the foreground it runs until a signal, and exits with 0", arguments: [SIGINT, SIGTERM])
    func foreground(signal: Int32) async throws {
        try await Tool.used { tool in
            let node = try tool.start(["start", "--head", "--port", "0", "--block"])
            try await eventually("the start: \(node.errors)") { node.output.contains("manta stop") }
            let port = try tool.port(node.output)
            #expect(try tool.processID(port) == node.processID)
            #expect(try await tool.run("status").status == 0)
            node.signal(signal)
            let outcome = try await node.end()
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("manta.node: joined"))
        }
    }

    @Test("SIGHUP has a node open its log anew")
    func hangup() async throws {
        try await Tool.used { tool in
            let port = try await tool.startHead()
            let log = "\(tool.folder(port))/logs/node.log"
            try FileManager.default.moveItem(atPath: log, toPath: "\(log).moved")
            kill(try tool.processID(port), SIGHUP)
            try await eventually { FileManager.default.fileExists(atPath: log) }
            #expect(try await tool.run("stop").status == 0)
            #expect(tool.text(log).hasSuffix("manta.node: stopped\n"))
            #expect(tool.text("\(log).moved").contains("manta.node: joined"))
        }
    }
}
