/// Where a node's port is: a host and a number, written `HOST:PORT`, `[::1]:6379` for IPv6.
package struct NodeAddress: Hashable, Sendable, Codable, CustomStringConvertible {
    /// Of a head, as a Ray user expects it.
    package static let defaultPort: UInt16 = 6379

    /// A name, or an address in numbers.
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// - Throws: ``ClusterError`` with code `invalidArgument`.
    package init(_ text: some StringProtocol) throws(ClusterError) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            port > 0
        else { throw Self.malformed(text) }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw Self.malformed(text)
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { throw Self.malformed(text) }
        self.init(host: String(host), port: port)
    }

    private static func malformed(_ text: some StringProtocol) -> ClusterError {
        ClusterError(
            .invalidArgument,
            "\"\(text)\" is no address of a node",
            hint: "it is HOST:PORT, such as 10.0.0.1:\(defaultPort) or [fd00::1]:\(defaultPort)"
        )
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
