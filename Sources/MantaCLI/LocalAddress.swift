internal import CMantaShims
internal import Glibc
package import MantaCore

/// The addresses of this machine, in numbers.
package enum LocalAddress {
    /// The one by which this machine reaches a host; nothing is sent to it. `nil` when it is not known how.
    package static func toward(_ address: NodeAddress) -> String? {
        text { manta_local_address(address.host, address.port, $0, $1) }
    }

    /// The first that other machines may reach it by; `nil` when there is none.
    package static func first() -> String? { text { manta_first_address($0, $1) } }

    package static func isNumeric(_ host: String) -> Bool { manta_is_numeric_host(host) != 0 }

    /// Whether it stands for all addresses of a machine.
    package static func isWildcard(_ host: String) -> Bool { host == "0.0.0.0" || host == "::" }

    /// Whether only this machine can reach it.
    package static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("127.") || host == "::1"
    }

    /// A port that nobody has at the moment.
    ///
    /// - Throws: ``ClusterError`` with code `invalidArgument` when `host` is no address of this machine.
    package static func freePort(at host: String) throws(ClusterError) -> UInt16 {
        let socket = manta_tcp_listen(host, 0, 1)
        guard socket >= 0 else {
            throw ClusterError(
                .invalidArgument,
                "cannot listen at \(host): \(String(cString: strerror(-socket)))",
                hint: "give --bind an address of this machine, in numbers"
            )
        }
        defer { _ = manta_close(socket) }
        return UInt16(clamping: manta_socket_port(socket))
    }

    private static func text(_ ask: (UnsafeMutablePointer<CChar>, Int) -> Int32) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            guard let base = buffer.baseAddress, ask(base, buffer.count) == 0 else { return nil }
            return String(cString: base)
        }
    }
}
