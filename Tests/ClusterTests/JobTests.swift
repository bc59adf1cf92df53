import Foundation
import MantaTestSupport
import Testing

@Suite(
    "jobs on several machines",
    .serialized,
    .timeLimit(.minutes(10)),
    .enabled(if: ClusterTestSwitch.isOn, "runs with MANTA_CLUSTER_TESTS=1"),
    .enabled(if: TestNetwork.isAvailable, "needs the superuser and iproute2, to make hosts")
)
struct JobTests {
    @Test(
        "drivers of two programs at once: actors run from that of their driver, with its arguments, environment and folder"
    )
    func twoPrograms() async throws {
        try await withMachines(hosts: 2) { machines in
            let other = try OtherProgram(in: machines.network.folder)
            let first = try machines.start(Self.driver, ["hold"], saying: "red", from: "/usr", on: 0)
            try await first.says("all heard")
            let second = try machines.start(
                other.path,
                ["hold", "and more"],
                saying: "blue",
                from: "/etc",
                on: 1
            )
            try await second.says("all heard")
            let (red, blue) = (first.witnesses, second.witnesses)
            #expect(red.count == 4 && blue.count == 4)
            #expect(red.allSatisfy { $0.program.hasSuffix("/programs/\(first.hash)") }, "\(first.text)")
            #expect(blue.allSatisfy { $0.program.hasSuffix("/programs/\(second.hash)") }, "\(second.text)")
            #expect(first.hash != second.hash)
            #expect(red.allSatisfy { $0.rest == "in /usr with witnesses hold, red" }, "\(first.text)")
            #expect(
                blue.allSatisfy { $0.rest == "in /etc with witnesses hold and more, blue" },
                "\(second.text)"
            )
            #expect(Set((red + blue).map(\.process)).count == 8)
            // The second one has seen both.
            try await second.says("job \(first.processID) running with 4 actors of \(first.hash)")
            try await second.says("job \(second.processID) running with 4 actors of \(second.hash)")
        }
    }

    @Test("when a driver is killed, all processes of its job are gone within seconds, and no other")
    func killed() async throws {
        try await withMachines(hosts: 2) { machines in
            let other = try OtherProgram(in: machines.network.folder)
            let first = try machines.start(Self.driver, ["hold"], saying: "red", from: "/", on: 0)
            let second = try machines.start(other.path, ["hold"], saying: "blue", from: "/", on: 0)
            for driver in [first, second] { try await driver.says("all heard") }
            #expect(OtherProgram.processes(of: first.hash, in: machines.network.folder).count >= 4)
            first.signal(SIGKILL)
            try await eventually(within: .seconds(30)) {
                OtherProgram.processes(of: first.hash, in: machines.network.folder).isEmpty
            }
            #expect(
                Set(OtherProgram.processes(of: second.hash, in: machines.network.folder)).isSuperset(
                    of: second.witnesses.map(\.process)
                )
            )
            let third = try machines.start(Self.driver, [], saying: "green", from: "/", on: 1)
            try await third.succeeds()
            try await third.says("job \(first.processID) ended with 0 actors of \(first.hash)")
        }
    }

    @Test("a program that was changed on the disk of a node is fetched again")
    func changed() async throws {
        try await withMachines(hosts: 2) { machines in
            let first = try machines.start(Self.driver, [], saying: "red", from: "/", on: 0)
            try await first.succeeds()
            try await eventually {
                OtherProgram.processes(of: first.hash, in: machines.network.folder).isEmpty
            }
            for host in machines.hosts {
                let path = "\(machines.directory(host))/programs/\(first.hash)"
                let good = try Data(contentsOf: URL(fileURLWithPath: path))
                try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
                let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
                try file.write(contentsOf: Data(count: 4_096))
                try file.close()
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)) != good)
            }
            let second = try machines.start(Self.driver, [], saying: "red", from: "/", on: 1)
            try await second.succeeds()
            #expect(second.witnesses.count == 4)
        }
    }

    @Test("what the workers of a job print is in files of the job on their nodes")
    func logs() async throws {
        try await withMachines(hosts: 2) { machines in
            let driver = try machines.start(Self.driver, ["hold"], saying: "red", from: "/", on: 0)
            try await driver.says("all heard")
            for witness in driver.witnesses {
                let words = "words of process \(witness.process)\n"
                try await eventually {
                    machines.hosts.contains { host in
                        let logs = "\(machines.directory(host))/logs"
                        let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
                        return names.filter { $0.hasPrefix("job-") }.contains { job in
                            let path = "\(logs)/\(job)/worker-\(witness.process).log"
                            return (try? String(contentsOfFile: path, encoding: .utf8))?.contains(words)
                                == true
                        }
                    }
                }
            }
        }
    }

    private static let driver = "MantaClusterDriver"
}

extension TestMachines {
    /// Starts a driver that spawns witnesses, in a folder.
    fileprivate func start(
        _ program: String,
        _ arguments: [String],
        saying word: String,
        from folder: String,
        on index: Int
    ) throws -> HostProgram {
        let path =
            program.hasPrefix("/") ? program : Bundle.main.bundleURL.appendingPathComponent(program).path
        return try hosts[index].start(
            "/usr/bin/env",
            ["-C", folder, path, "witnesses"] + arguments,
            environment: environment(of: index).merging(["WITNESS": word]) { $1 }
        )
    }
}

extension HostProgram {
    fileprivate struct Words {
        var process: Int32
        var program: String
        var rest: String
    }

    fileprivate var witnesses: [Words] {
        text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 4)
            guard words.count == 5, words[0] == "witness", let process = Int32(words[1]) else { return nil }
            return Words(process: process, program: String(words[3]), rest: String(words[4]))
        }
    }

    /// Of the program that the workers run.
    fileprivate var hash: String {
        witnesses.first.flatMap { $0.program.split(separator: "/").last.map { String($0) } } ?? "none"
    }
}

/// The driver's program with other bytes: it does the same.
private struct OtherProgram {
    let path: String

    init(in folder: URL) throws {
        path = folder.appendingPathComponent("OtherDriver").path
        let original = Bundle.main.bundleURL.appendingPathComponent("MantaClusterDriver").path
        try FileManager.default.copyItem(atPath: original, toPath: path)
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        // Behind what is loaded.
        try file.seekToEnd()
        try file.write(contentsOf: Data("other".utf8))
        try file.close()
    }

    /// The processes of this machine that run a stored program.
    static func processes(of hash: String, in folder: URL) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { Int32($0) }.filter { process in
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/exe")
            return program.map { $0.hasPrefix(folder.path) && $0.contains("/programs/\(hash)") } ?? false
        }
    }
}
