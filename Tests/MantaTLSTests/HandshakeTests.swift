import COpenSSL
import MantaCore
import MantaTLS
import Testing

@Suite(.keepsLedger) struct HandshakeTests {
    private let context: TLSContext

    init() throws { context = try TLSContext(.secret(.generate())) }

    @Test("two secrets are no secret")
    func wrongSecret() throws {
        let sockets = SocketPair()
        let client = try TLSContext(.secret(.generate())).client(over: sockets.first, host: nil)
        let server = try context.server(over: sockets.second)
        let (first, second) = try shakeHands(client, server)
        #expect(first == .failed("the other side has another cluster secret"))
        #expect(second == .failed("the other side has another cluster secret"))
    }

    @Test("a client without a secret is refused")
    func missingSecret() throws {
        let sockets = SocketPair()
        let client = try RawPeer(isServer: false, over: sockets.first) { _ in }
        let server = try context.server(over: sockets.second)
        let (first, second) = shakeHands(client.handshake, server.handshake)
        #expect(first.reason?.contains("handshake failure") == true)
        #expect(second == .failed("the other side does not use a cluster secret"))
        #expect(server.send([1]) == -71)  // EPROTO
        #expect(server.receive(1).status == -71)
    }

    @Test("a server without the secret is refused, whatever certificate it has")
    func serverWithCertificate() throws {
        let authority = try TestAuthority()
        let identity = try authority.issue("node")
        let sockets = SocketPair()
        let client = try context.client(over: sockets.first, host: nil)
        let server = try RawPeer(isServer: true, over: sockets.second) { try RawPeer.use(identity, in: $0) }
        let (first, _) = shakeHands(client.handshake, server.handshake)
        #expect(first == .failed("the other side does not use a cluster secret"))
    }

    @Test("TLS 1.2 is refused, on either side")
    func olderVersion() throws {
        let authority = try TestAuthority()
        let identity = try authority.issue("node")
        var sockets = SocketPair()
        let client = try RawPeer(isServer: false, over: sockets.first) {
            RawPeer.limit($0, to: TLS1_2_VERSION)
        }
        let (first, second) = shakeHands(
            client.handshake,
            try context.server(over: sockets.second).handshake
        )
        #expect(first.reason?.contains("protocol version") == true)
        #expect(second == .failed("the other side does not speak TLS 1.3"))

        sockets = SocketPair()
        let server = try RawPeer(isServer: true, over: sockets.second) {
            RawPeer.limit($0, to: TLS1_2_VERSION)
            try RawPeer.use(identity, in: $0)
        }
        let (third, _) = shakeHands(
            try context.client(over: sockets.first, host: nil).handshake,
            server.handshake
        )
        #expect(third == .failed("the other side does not speak TLS 1.3"))
    }

    @Test(
        "who does not speak TLS is told apart",
        arguments: [
            "GET / HTTP/1.1\r\nHost: manta\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
            "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
        ]
    )
    func otherProtocol(text: String) throws {
        let sockets = SocketPair()
        let server = try context.server(over: sockets.second)
        #expect(server.handshake() == .wantsRead)
        #expect(sendPlain(Array(text.utf8), over: sockets.first))
        #expect(server.handshake() == .failed("the other side does not speak TLS at all"))
    }

    @Test("random bytes are refused or waited after, and never accepted", arguments: 0..<200)
    func randomInput(seed: UInt64) throws {
        let sockets = SocketPair()
        let server = try context.server(over: sockets.second)
        var bytes = randomBytes(600, seed: seed)
        // Half of them look like a handshake as far as the head of the first record.
        if seed % 2 == 0 { bytes.replaceSubrange(..<5, with: [22, 3, 1, 2, 0]) }
        #expect(sendPlain(bytes, over: sockets.first))
        let progress = server.handshake()
        #expect(progress == .wantsRead || progress.reason != nil)
    }

    @Test("a handshake that stops half-way ends with the connection")
    func half() throws {
        let wire = try Wire(context)
        wire.changeFromClient = { offset, bytes in Array(bytes.prefix(max(0, 100 - offset))) }
        let (client, server) = wire.shakeHands()
        #expect(client == .wantsRead)
        #expect(server == .wantsRead)
        wire.cutServer()
        #expect(
            wire.server.handshake() == .lost("the other side closed the connection during the handshake")
        )
        #expect(!wire.server.hasBuffered || wire.server.receive(1).status < 0)
    }

    @Test("what was recorded is refused when it is sent again")
    func replay() throws {
        let wire = try Wire(context)
        #expect(wire.shakeHands() == (.done, .done))
        #expect(wire.client.send("pay 100".utf8) == 7)
        wire.carry()
        #expect(wire.server.receive(100).bytes == Array("pay 100".utf8))

        // All at once, and piece by piece as the first time.
        for isWhole in [true, false] {
            let sockets = SocketPair()
            let server = try context.server(over: sockets.second)
            for record in isWhole ? [wire.fromClient] : wire.fromClient.records {
                _ = sendPlain(record, over: sockets.first)
                _ = server.handshake()
            }
            let progress = server.handshake()
            #expect(progress.reason != nil)
            #expect(server.receive(100).status < 0)
        }
        // And to a client that has begun.
        let sockets = SocketPair()
        let client = try context.client(over: sockets.first, host: nil)
        #expect(client.handshake() == .wantsRead)
        #expect(sendPlain(wire.fromServer, over: sockets.second))
        #expect(client.handshake().reason != nil)
        #expect(client.receive(100).status < 0)
    }

    @Test("a handshake that is cut at any byte fails on the side that lacks the rest")
    func cutAnywhere() throws {
        let whole = try Wire(context)
        #expect(whole.shakeHands() == (.done, .done))
        for count in 0..<whole.fromClient.count {
            let wire = try Wire(context)
            wire.changeFromClient = { offset, bytes in Array(bytes.prefix(max(0, count - offset))) }
            _ = wire.shakeHands()
            wire.cutServer()
            #expect(wire.server.handshake().reason != nil, "after \(count) bytes")
        }
        for count in 0..<whole.fromServer.count {
            let wire = try Wire(context)
            wire.changeFromServer = { offset, bytes in Array(bytes.prefix(max(0, count - offset))) }
            _ = wire.shakeHands()
            wire.cutClient()
            #expect(wire.client.handshake().reason != nil, "after \(count) bytes")
        }
    }

    @Test("a bit that changes on the way fails the handshake, or changes nothing that counts")
    func flipAnywhere() throws {
        let whole = try Wire(context)
        #expect(whole.shakeHands() == (.done, .done))
        var survived = 0
        for index in 0..<(whole.fromClient.count + whole.fromServer.count) {
            let wire = try Wire(context)
            let bit = index % 8
            if index < whole.fromClient.count {
                wire.changeFromClient = { $1.flipping(bit: 8 * index + bit, offset: $0) }
            } else {
                let position = index - whole.fromClient.count
                wire.changeFromServer = { $1.flipping(bit: 8 * position + bit, offset: $0) }
            }
            guard wire.shakeHands() == (.done, .done) else { continue }
            survived += 1
            #expect(wire.client.send("whole".utf8) == 5)
            wire.carry()
            #expect(wire.server.receive(10).bytes == Array("whole".utf8), "byte \(index)")
        }
        // The versions in the heads of the records that are not encrypted: for old firewalls, and ignored by all.
        #expect(survived <= 6)
    }
}
