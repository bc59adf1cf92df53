import Foundation
import MantaTestSupport
import Synchronization

/// One host of a test network.
final class TestHost: Sendable {
    let index: Int
    let name: String
    /// Its address in numbers.
    let address: String
    /// What is its own of the machine's files.
    let folder: URL
    private let hub: String
    private let programs = Mutex<[HostProgram]>([])

    init(index: Int, name: String, hub: String, folder: URL) {
        self.index = index
        self.name = name
        self.hub = hub
        self.folder = folder.appendingPathComponent("host-\(index)")
        address = "10.77.0.\(index + 1)"
    }

    private var port: String { "p\(index)" }

    func plugIn() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try TestNetwork.run("netns", "add", name)
        try TestNetwork.run("-n", name, "link", "set", "lo", "up")
        try TestNetwork.run(
            "-n",
            hub,
            "link",
            "add",
            port,
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            name
        )
        try TestNetwork.run("-n", hub, "link", "set", port, "master", "br0", "up")
        try TestNetwork.run("-n", name, "addr", "add", "\(address)/24", "dev", "eth0")
        try TestNetwork.run("-n", name, "link", "set", "eth0", "up")
    }

    func unplug() {
        for program in programs.withLock({ $0 }) { program.signal(SIGKILL) }
        try? TestNetwork.run("netns", "del", name)
    }

    /// Pulls the plug: nothing is refused, nothing passes.
    func cut() throws { try TestNetwork.run("-n", hub, "link", "set", port, "down") }
    func heal() throws { try TestNetwork.run("-n", hub, "link", "set", port, "up") }

    /// Lets nothing through from here to the port of another host, as a firewall on the way does; back it goes as ever.
    func block(_ other: TestHost) throws {
        // To an address that nobody has.
        let nowhere = "10.77.0.250"
        try TestNetwork.run(
            "-n",
            name,
            "neigh",
            "replace",
            nowhere,
            "lladdr",
            "02:00:00:00:00:77",
            "nud",
            "permanent",
            "dev",
            "eth0"
        )
        try TestNetwork.run(
            "-n",
            name,
            "route",
            "replace",
            "\(other.address)/32",
            "via",
            nowhere,
            "dev",
            "eth0",
            "table",
            "99"
        )
        try changeBlock("add", other)
    }

    func unblock(_ other: TestHost) throws { try changeBlock("del", other) }

    private func changeBlock(_ change: String, _ other: TestHost) throws {
        try TestNetwork.run(
            "-n",
            name,
            "rule",
            change,
            "to",
            other.address,
            "ipproto",
            "tcp",
            "dport",
            "6379",
            "lookup",
            "99"
        )
    }

    /// Limits what passes from and to the host, such as `100mbit`.
    func limit(to rate: String) throws {
        for (place, device) in [(hub, port), (name, "eth0")] {
            try TestNetwork.run(
                "netns",
                "exec",
                place,
                "tc",
                "qdisc",
                "replace",
                "dev",
                device,
                "root",
                "tbf",
                "rate",
                rate,
                "burst",
                "128kb",
                "latency",
                "50ms"
            )
        }
    }

    /// The line is as fast as the machine again.
    func removeLimit() throws {
        for (place, device) in [(hub, port), (name, "eth0")] {
            try TestNetwork.run("netns", "exec", place, "tc", "qdisc", "del", "dev", device, "root")
        }
    }

    /// What has come over its line.
    func receivedByteCount() throws -> Int {
        // Of the switch: the host's own figures can be seen in its namespace only.
        let text = try TestNetwork.output(
            "netns",
            "exec",
            hub,
            "cat",
            "/sys/class/net/\(port)/statistics/tx_bytes"
        )
        guard let count = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw HostFailure(description: "\(text) is no number of bytes")
        }
        return count
    }

    /// Starts one of this package's programs on the host, or the one at a path. Its output is kept.
    func start(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws
        -> HostProgram
    {
        let started = try HostProgram(
            host: self,
            program.hasPrefix("/") ? program : Bundle.main.bundleURL.appendingPathComponent(program).path,
            arguments,
            environment: environment
        )
        programs.withLock { $0.append(started) }
        return started
    }
}
