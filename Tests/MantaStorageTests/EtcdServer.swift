import CMantaShims
import Foundation
import Glibc
@testable import MantaStorage
import MantaTestSupport
import Testing

/// An etcd of one member for a test, with a folder of its own on free ports of this machine.
final class EtcdServer {
    static let path = ["/usr/bin/etcd", "/usr/local/bin/etcd"].first { (path: String) in
        access(path, X_OK) == 0
    }
    static let isInstalled = path != nil
    static let reason: Comment = "etcd is not installed: apt-get install etcd-server"

    private let folder: Folder
    private let ports: (client: Int, peer: Int)
    private var process: pid_t = -1

    var endpoint: String { "http://127.0.0.1:\(ports.client)" }

    init() async throws {
        folder = try Folder()
        ports = (try Self.freePort(), try Self.freePort())
        try await start()
    }

    deinit { kill() }

    func start() async throws {
        let path = try #require(Self.path)
        let peer = "http://127.0.0.1:\(ports.peer)"
        let arguments = [
            path, "--name", "test", "--data-dir", folder.path, "--log-level", "error",
            "--listen-client-urls", endpoint, "--advertise-client-urls", endpoint,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
            "--initial-cluster", "test=\(peer)",
        ]
        var strings: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        strings.append(nil)
        process = manta_spawn(path, strings, environ, 2, 2, 2, 0)
        for string in strings { free(string) }
        try #require(process > 0, "error \(-process)")
        let client = try EtcdClient([endpoint])
        try await eventually(within: .seconds(60), "etcd answers") {
            let answer = try? await client.ask("maintenance/status", "{}", as: EtcdAnswer.Nothing.self)
            return answer != nil
        }
    }

    /// Ends it at once; its folder stays for `start()`.
    func kill() {
        guard process > 0 else { return }
        Glibc.kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        process = -1
    }

    /// Stops its threads, or lets them go on: nobody gets an answer meanwhile.
    func pause(_ isPaused: Bool) { Glibc.kill(process, isPaused ? SIGSTOP : SIGCONT) }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
            }
        }
        try #require(isBound)
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
