import Foundation
import MantaTestSupport
import Testing

/// A cluster of daemons on the hosts of a test network: the first host is the head.
final class TestMachines: Sendable {
    let network: TestNetwork
    private let running = Shared<[Int: HostProgram]>([:])
    /// By what the nodes know each other, besides that of the usual secret.
    private let identity: [String]
    private let silence: Duration?

    /// - Parameters:
    ///   - hosts: How many.
    ///   - hasCertificates: Whether they prove that they belong together by certificates; by a secret if not.
    ///   - silence: How long a node may be silent; the usual time for `nil`.
    /// - Throws: ``HostFailure`` when one of them does not start.
    init(hosts: Int, hasCertificates: Bool = false, silence: Duration? = nil) async throws {
        self.silence = silence
        network = try TestNetwork(hostCount: hosts)
        let folder = network.folder.path
        identity =
            hasCertificates
            ? try TestCertificates(in: folder).arguments : ["--secret-file", "\(folder)/secret"]
        do {
            for index in 0..<hosts { try await start(index) }
        } catch {
            await stop()
            throw error
        }
    }

    var hosts: [TestHost] { network.hosts }
    var head: TestHost { network.hosts[0] }
    func node(_ index: Int) -> HostProgram? { running.value[index] }
    func directory(_ host: TestHost) -> String { host.folder.appendingPathComponent("node").path }

    /// Starts the node of a host, and returns when it has joined.
    func start(_ index: Int) async throws {
        let host = hosts[index]
        let role = index == 0 ? ["--head"] : ["--address", "\(head.address):6379"]
        let times = silence.map { ["--silence", "\($0.components.seconds)"] } ?? []
        let program = try host.start(
            "manta",
            ["start"] + role + ["--block", "--bind", host.address, "--directory", directory(host)]
                + identity + times
        )
        running.change { $0[index] = program }
        try await program.says("runs at \(host.address)")
    }

    /// Runs the driver program on a host until its end, which has to be a good one.
    @discardableResult
    func run(_ scenario: String..., on index: Int = 0, says line: String = "") async throws -> String {
        let program = try drive(scenario, on: index)
        try await program.succeeds()
        guard line.isEmpty || program.text.contains(line) else {
            throw HostFailure(description: "no \"\(line)\" in:\n\(program.text)")
        }
        return program.text
    }

    /// Starts the driver program on a host.
    func drive(_ scenario: [String], on index: Int = 0) throws -> HostProgram {
        let host = hosts[index]
        return try host.start(
            "MantaClusterDriver",
            scenario,
            environment: environment(of: index)
        )
    }

    /// By what programs on a host find the cluster.
    func environment(of index: Int) -> [String: String] {
        ["MANTA_ADDRESS": "\(head.address):6379", "MANTA_DIRECTORY": directory(hosts[index])]
    }

    /// What the nodes have written.
    var logs: String {
        running.value.sorted { $0.key < $1.key }.map { "--- host \($0.key)\n\($0.value.text)" }.joined(
            separator: "\n"
        )
    }

    /// What the nodes have written last: to their logs, which go on when they are started again, and to the terminal.
    var lastLogs: String {
        running.value.sorted { $0.key < $1.key }.map { index, program in
            let path = "\(directory(hosts[index]))/logs/node.log"
            let log = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return "--- host \(index)\n\(lastLines(of: log, 80))\n\(lastLines(of: program.text, 10))"
        }.joined(separator: "\n")
    }

    private func lastLines(of text: String, _ count: Int) -> String {
        text.split(separator: "\n").suffix(count).map { $0.prefix(300) }.joined(separator: "\n")
    }

    /// Kills the node of a host with all of its workers.
    func kill(_ index: Int) async throws {
        node(index)?.signal(SIGKILL)
        _ = try await node(index)?.end()
    }

    /// The processes that a node has started.
    func workers(of index: Int) -> [Int32] {
        guard let node = node(index) else { return [] }
        let tasks =
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(node.processID)/task")) ?? []
        return tasks.flatMap { task in
            let path = "/proc/\(node.processID)/task/\(task)/children"
            let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return text.split(separator: " ").compactMap { Int32($0) }
        }
    }

    /// Sends a signal to a node and to all that it has started.
    func signalAll(_ index: Int, _ number: Int32) {
        for worker in workers(of: index) { Foundation.kill(worker, number) }
        node(index)?.signal(number)
    }

    func stop() async {
        for (_, program) in running.value.sorted(by: { $0.key > $1.key }) {
            program.signal(SIGTERM)
            if (try? await program.end(within: .seconds(20))) == nil { program.signal(SIGKILL) }
        }
        network.remove()
    }
}

/// Runs `body` with a cluster on hosts of its own, and removes it.
func withMachines(
    hosts: Int,
    hasCertificates: Bool = false,
    silence: Duration? = nil,
    _ body: (TestMachines) async throws -> Void
) async throws {
    let machines = try await TestMachines(
        hosts: hosts,
        hasCertificates: hasCertificates,
        silence: silence
    )
    do {
        try await body(machines)
    } catch {
        let logs = machines.lastLogs
        await machines.stop()
        // What went wrong comes last: that is what is left where a long report is cut.
        throw HostFailure(description: "\(logs)\n--- what went wrong\n\(error)")
    }
    await machines.stop()
}
