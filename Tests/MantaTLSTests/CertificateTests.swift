import COpenSSL
import Foundation
import MantaCore
import MantaTLS
import Testing

@Suite(.keepsLedger) struct CertificateTests {
    private let authority: TestAuthority
    private let refusal = "the other side's certificate is refused: "

    init() throws { authority = try TestAuthority() }

    @Test(
        "certificates of one authority are accepted, for the host they name",
        arguments: ["node.example", "127.0.0.1", "::1", nil]
    )
    func accepted(host: String?) throws {
        let context = try TLSContext(authority.issue("a"))
        let connection = try Connection(context, context, host: host)
        #expect(connection.client.send("hello".utf8) == 5)
        #expect(connection.server.receive(10).bytes == Array("hello".utf8))
        #expect(connection.server.peerName == "CN=a,O=Manta")
        #expect(connection.client.peerName == "CN=a,O=Manta")
    }

    @Test(
        "a server whose certificate is for another host is refused",
        arguments: ["other.example", "127.0.0.2", "a", "example"]
    )
    func otherHost(host: String) throws {
        let context = try TLSContext(authority.issue("a"))
        let (client, server) = try shake(context, context, host: host)
        #expect(client == .failed("\(refusal)it is for another host"))
        #expect(server.reason?.contains("refuses this side's certificate") == true, "\(server)")
    }

    @Test("what is no name of a host is told at once", arguments: ["", "a\u{0}b"])
    func noHost(host: String) throws {
        let context = try TLSContext(authority.issue("a"))
        let sockets = SocketPair()
        let error = #expect(throws: ClusterError.self) { try context.client(over: sockets.first, host: host) }
        #expect(error?.code == .invalidArgument)
    }

    @Test("the certificate of another authority is refused, on either side")
    func otherAuthority() throws {
        let stranger = try TestAuthority(named: "another authority")
        let (ours, theirs) = (try TLSContext(authority.issue("a")), try TLSContext(stranger.issue("b")))
        for (clients, servers) in [(ours, theirs), (theirs, ours)] {
            let (client, server) = try shake(clients, servers)
            #expect(client == .failed("\(refusal)another authority has signed it"))
            #expect(
                server == .failed("the other side does not trust the authority of this side's certificate")
            )
        }
    }

    @Test("an expired certificate is refused: as our own, as a server's and as a client's")
    func expired() throws {
        let expired = try authority.issue("old", days: -1)
        let error = #expect(throws: ClusterError.self) { try TLSContext(expired) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("certificate has expired") == true)

        let context = try TLSContext(authority.issue("a"))
        let reason = refusal + "certificate has expired"
        var sockets = SocketPair()
        let server = try RawPeer(isServer: true, over: sockets.second) { try RawPeer.use(expired, in: $0) }
        let (first, _) = shakeHands(
            try context.client(over: sockets.first, host: nil).handshake,
            server.handshake
        )
        #expect(first == .failed(reason))

        sockets = SocketPair()
        let client = try RawPeer(isServer: false, over: sockets.first) { try RawPeer.use(expired, in: $0) }
        let (_, second) = shakeHands(client.handshake, try context.server(over: sockets.second).handshake)
        #expect(second == .failed(reason))
    }

    @Test("a client without a certificate is refused")
    func noCertificate() throws {
        let context = try TLSContext(authority.issue("a"))
        let sockets = SocketPair()
        let client = try RawPeer(isServer: false, over: sockets.first) { _ in }
        let (_, server) = shakeHands(client.handshake, try context.server(over: sockets.second).handshake)
        #expect(server == .failed("the other side has no certificate"))
    }

    @Test("a client that is refused after its own handshake learns why when it receives")
    func lateRefusal() throws {
        let stranger = try TestAuthority(named: "another authority")
        // It trusts our authority, and has a certificate that ours does not know.
        guard case .certificates(let certificate, let key, _) = try stranger.issue("b") else { return }
        let both = authority.path("both.pem")
        let text = try [authority.authority, stranger.authority].map {
            try String(contentsOfFile: $0, encoding: .utf8)
        }
        try text.joined().write(toFile: both, atomically: false, encoding: .utf8)
        let clients = try TLSContext(.certificates(certificate: certificate, key: key, authority: both))
        let sockets = SocketPair()
        let client = try clients.client(over: sockets.first, host: nil)
        let server = try TLSContext(authority.issue("a")).server(over: sockets.second)
        let (first, second) = try shakeHands(client, server)
        #expect(first == .done)
        #expect(second == .failed("\(refusal)another authority has signed it"))
        #expect(client.receive(10).status == -71)  // EPROTO
        #expect(client.failure == "the other side does not trust the authority of this side's certificate")
    }

    @Test("a secret and certificates do not mix")
    func mixed() throws {
        let secret = try TLSContext(.secret(.generate()))
        let certificates = try TLSContext(authority.issue("a"))
        let (first, second) = try shake(secret, certificates)
        #expect(first == .failed("the other side does not use a cluster secret"))
        #expect(second.reason != nil)
        let (third, fourth) = try shake(certificates, secret)
        #expect(third.reason != nil)
        #expect(fourth == .failed("the other side does not use a cluster secret"))
    }

    @Test("a certificate for servers alone is told when it is loaded, not when it is used")
    func onlyForServers() throws {
        let identity = try authority.issue("s", extensions: ["extendedKeyUsage=serverAuth"])
        let error = #expect(throws: ClusterError.self) { try TLSContext(identity) }
        #expect(error?.message.contains("of this client") == true, "\(String(describing: error))")
    }

    @Test("files that cannot be used are told by name")
    func files() throws {
        guard case .certificates(let certificate, let key, let trusted) = try authority.issue("a"),
            case .certificates(_, let otherKey, _) = try authority.issue("b")
        else { return }
        let encrypted = authority.path("encrypted.key")
        try openssl(["pkey", "-in", key, "-aes256", "-passout", "pass:word", "-out", encrypted])
        let missing = authority.path("missing.pem")
        let cases: [(TLSIdentity, String)] = [
            (.certificates(certificate: missing, key: key, authority: trusted), missing),
            (.certificates(certificate: certificate, key: missing, authority: trusted), missing),
            (.certificates(certificate: certificate, key: key, authority: missing), missing),
            (.certificates(certificate: key, key: key, authority: trusted), key),
            (.certificates(certificate: certificate, key: certificate, authority: trusted), certificate),
            (.certificates(certificate: certificate, key: key, authority: key), key),
            (.certificates(certificate: certificate, key: otherKey, authority: trusted), otherKey),
            (.certificates(certificate: certificate, key: encrypted, authority: trusted), encrypted),
        ]
        for (identity, path) in cases {
            let error = #expect(throws: ClusterError.self) { try TLSContext(identity) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(path) == true, "\(String(describing: error))")
        }
    }

    private func shake(
        _ clients: TLSContext,
        _ servers: TLSContext,
        host: String? = nil
    ) throws -> (TLSSession.Progress, TLSSession.Progress) {
        let sockets = SocketPair()
        return try shakeHands(
            try clients.client(over: sockets.first, host: host),
            try servers.server(over: sockets.second)
        )
    }
}
