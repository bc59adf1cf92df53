import Glibc
import Synchronization
import Testing

/// Accepts connections at a Unix socket and says nothing.
final class SilentListener: Sendable {
    let path: String
    private let descriptor: Int32
    private let connections = Mutex<[Int32]>([])

    init(path: String) throws {
        self.path = path
        descriptor = socket(
            AF_UNIX,
            Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
            0
        )
        try #require(descriptor >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafeBytes(of: &address) { bytes in
            bind(
                descriptor,
                bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size)
            )
        }
        try #require(status == 0 && listen(descriptor, 16) == 0, "bind: \(errno)")
    }

    /// Whether somebody has connected, and has not gone.
    var isCallerWaiting: Bool {
        connections.withLock { connections in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { break }
                connections.append(connection)
            }
            return connections.contains { connection in
                var buffer = [UInt8](repeating: 0, count: 4096)
                while true {
                    let count = recv(connection, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                    if count <= 0 { return count < 0 && errno == EAGAIN }
                }
            }
        }
    }

    func close() {
        for connection in connections.withLock({ $0 }) { _ = Glibc.close(connection) }
        _ = Glibc.close(descriptor)
        unlink(path)
    }
}
