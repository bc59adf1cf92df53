import Foundation
import Glibc
import MantaCLI
import Synchronization

/// An etcd of one member, in the home of a tool.
final class Etcd: Sendable {
    static let path = "/usr/bin/etcd"
    static let isInstalled = access(path, X_OK) == 0

    let endpoint: String
    private let process: Mutex<Process>

    /// Starts it; who asks it has to wait until it answers.
    init(in tool: Tool) throws {
        endpoint = "http://127.0.0.1:\(try LocalAddress.freePort(at: "127.0.0.1"))"
        let peer = "http://127.0.0.1:\(try LocalAddress.freePort(at: "127.0.0.1"))"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.path)
        process.arguments = [
            "--name", "test", "--data-dir", "\(tool.home)/etcd", "--log-level", "error",
            "--listen-client-urls",
            endpoint, "--advertise-client-urls", endpoint, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", "test=\(peer)",
        ]
        process.environment = ["HOME": "/"]
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        self.process = Mutex(process)
        try self.process.withLock { try $0.run() }
    }

    func stop() {
        process.withLock { process in
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }
}
