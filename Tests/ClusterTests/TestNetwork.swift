import Foundation
import MantaTestSupport
import Synchronization

/// Hosts of a network of their own: each a network namespace with one interface, all on one switch, which is a bridge in
/// a namespace too. So nothing of it can be seen outside, and it goes with the namespaces.
///
/// Hosts share the machine's files; what a host has to itself is in its folder.
final class TestNetwork: Sendable {
    let hosts: [TestHost]
    let folder: URL
    private let hub: String

    /// Whether this machine lets tests make namespaces.
    static let isAvailable = geteuid() == 0 && FileManager.default.isExecutableFile(atPath: ip)
    static let ip =
        ["/usr/sbin/ip", "/sbin/ip"].first { FileManager.default.isExecutableFile(atPath: $0) } ?? "ip"

    private static let numbers = Mutex(0)

    init(hostCount: Int) throws {
        let number = Self.numbers.withLock { number in
            number += 1
            return number
        }
        let name = "mt\(getpid())x\(number)"
        hub = "\(name)-hub"
        folder = URL(fileURLWithPath: "/tmp/manta-test-\(name)")
        let (hub, folder) = (hub, folder)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        hosts = (0..<hostCount).map { TestHost(index: $0, name: "\(name)-\($0)", hub: hub, folder: folder) }
        do {
            try Self.run("netns", "add", hub)
            try Self.run("-n", hub, "link", "add", "br0", "type", "bridge")
            try Self.run("-n", hub, "link", "set", "br0", "up")
            for host in hosts { try host.plugIn() }
        } catch {
            remove()
            throw error
        }
    }

    /// Ends what still runs on the hosts, and removes them.
    func remove() {
        for host in hosts { host.unplug() }
        try? Self.run("netns", "del", hub)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs `ip`.
    static func run(_ arguments: String...) throws { _ = try run(arguments) }

    /// What `ip` prints.
    static func output(_ arguments: String...) throws -> String { try run(arguments) }

    private static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: ip)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw HostFailure(description: "ip \(arguments.joined(separator: " ")): \(text)")
        }
        return text
    }
}
