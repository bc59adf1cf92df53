import CMantaShims
import Glibc
import MantaCore
import MantaTLS
import MantaTestSupport
import MantaTransport
import Testing

/// A node's port in front of one process, both in this one.
private struct GateFixture {
    static let process = ProcessID(0x2200_0000)

    let gate: Gate
    let port: HandoverPort
    let tls: TLSContext
    let accepted = Log<GreetedSocket>()
    let refused = Log<String>()
    let forObjects = Log<Int32>()

    init(folder: String, lane: Lane) throws {
        tls = try TLSContext(.secret(.generate()))
        port = try HandoverPort(
            path: HandoverPort.path(beside: "\(folder)/\(Self.process)"),
            lane: lane,
            tls: tls,
            greeting: ListenerFixture.greeting(of: Self.process),
            accepted: { [accepted] in accepted.append($0) },
            refused: { [refused] in refused.append($0) }
        )
        port.start()
        gate = try Gate(
            at: NodeAddress(host: "127.0.0.1", port: 0),
            lane: lane,
            socketPath: { "\(folder)/\($0)" },
            objects: { [forObjects] in forObjects.append($0) },
            refused: { [refused] in refused.append($0) }
        )
        gate.setHead(Self.process)
        gate.start()
    }

    func end() {
        gate.close()
        port.close()
        for socket in accepted.entries { socket.discard() }
        for socket in forObjects.entries { _ = manta_close(socket) }
    }

    /// Connects to the port, and says nothing yet.
    func connected() throws -> RawSocket {
        let socket = manta_tcp_connect("127.0.0.1", gate.address.port)
        try #require(socket >= 0)
        try #require(manta_wait_writable(socket, 5_000_000) > 0 && manta_socket_error(socket) == 0)
        return RawSocket(socket)
    }

    func greet(_ target: ProcessID = process, tls: TLSContext? = nil, on lane: Lane) async throws
        -> GreetedSocket
    {
        try await connect(
            to: gate.address,
            on: lane,
            greeting: ListenerFixture.greeting(of: ProcessID(0x3300_0000), target: target),
            tls: tls ?? self.tls
        )
    }
}

private func withGate(_ body: (GateFixture, Lane) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        try await withLanes(2) { lanes in
            let fixture = try GateFixture(folder: folder, lane: lanes[0])
            defer { fixture.end() }
            try await body(fixture, lanes[1])
        }
    }
}

@Suite("the port of a node")
struct GateTests {
    @Test("who wants a process of the node meets it, and frames pass in both directions")
    func link() async throws {
        try await withGate { fixture, lane in
            let near = try await fixture.greet(on: lane)
            #expect(near.peer.process == GateFixture.process)
            try await eventually { fixture.accepted.entries.count == 1 }
            #expect(fixture.accepted.entries[0].peer.process == ProcessID(0x3300_0000))
            near.discard()
        }
    }

    @Test("who does not know the head's process finds it, and learns which cluster it is")
    func head() async throws {
        try await withGate { fixture, lane in
            let greeting = Greeting(
                lane: Greeting.controlLane,
                cluster: 0,
                process: ProcessID(7),
                target: ProcessID(0),
                buildID: []
            )
            let near = try await connect(
                to: fixture.gate.address,
                on: lane,
                greeting: greeting,
                tls: fixture.tls
            )
            #expect(near.peer.cluster == ListenerFixture.cluster)
            #expect(near.peer.process == GateFixture.process)
            near.discard()
        }
    }

    @Test("a process that is not here is not connected, and a wrong secret is unauthenticated")
    func refusals() async throws {
        try await withGate { fixture, lane in
            let gone = await clusterError { try await fixture.greet(ProcessID(0x99), on: lane).discard() }
            #expect(gone?.code == .notConnected)
            #expect(gone?.outcome == .notExecuted)
            let other = try TLSContext(.secret(.generate()))
            let stranger = await clusterError { try await fixture.greet(tls: other, on: lane).discard() }
            #expect(stranger?.code == .unauthenticated)
            #expect(fixture.accepted.entries.isEmpty)
            try await eventually { fixture.refused.entries.count >= 2 }
        }
    }

    @Test(
        "a connection that is closed or reset without a word says nothing of the process",
        arguments: [false, true]
    )
    func withoutWord(isReset: Bool) async throws {
        try await withGate { fixture, lane in
            let socket = manta_tcp_listen("127.0.0.1", 0, 1)
            try #require(socket >= 0)
            let address = NodeAddress(host: "127.0.0.1", port: UInt16(clamping: manta_socket_port(socket)))
            let tls = fixture.tls
            async let error = clusterError {
                _ = try await connect(
                    to: address,
                    on: lane,
                    greeting: ListenerFixture.greeting(of: ProcessID(1)),
                    tls: tls
                )
            }
            var peer: Int32 = -1
            try await eventually {
                peer = accept(socket, nil, nil)
                return peer >= 0
            }
            var first: UInt8 = 0
            #expect(recv(peer, &first, 1, 0) == 1)
            // Closed with bytes that nobody has read, it is reset.
            if isReset { _ = manta_close(peer) } else { shutdown(peer, Int32(SHUT_WR)) }
            let isNoRefusal = await error.map { $0.code == .notConnected && !$0.isRefusal }
            #expect(isNoRefusal == true)
            if !isReset { _ = manta_close(peer) }
            _ = manta_close(socket)
        }
    }

    @Test("only the other side can say that nobody is there, and not that there is no way to it")
    func refusalOrNoWay() async throws {
        try await withGate { fixture, lane in
            let gone = await clusterError { try await fixture.greet(ProcessID(0x99), on: lane).discard() }
            #expect(gone?.isRefusal == true)
            fixture.gate.close()
            try await eventually {
                let error = await clusterError { try await fixture.greet(on: lane).discard() }
                return error?.isRefusal == true && error?.message.contains("refused") == true
            }
            // Of a group of machines, to which no connection can be made: the error is this machine's own.
            let noWay = await clusterError {
                _ = try await connect(
                    to: NodeAddress(host: "224.0.0.1", port: 1),
                    on: lane,
                    greeting: ListenerFixture.greeting(of: ProcessID(1)),
                    tls: fixture.tls
                )
            }
            #expect(noWay?.code == .notConnected && noWay?.isRefusal == false)
        }
    }

    @Test("a socket for objects is handed on with nothing read of it but the preamble")
    func objects() async throws {
        try await withGate { fixture, _ in
            let peer = try fixture.connected()
            peer.send(Preamble(.objects, to: ProcessID(0)).bytes + [1, 2, 3])
            try await eventually { fixture.forObjects.entries.count == 1 }
            var bytes = [UInt8](repeating: 0, count: 16)
            #expect(manta_receive(fixture.forObjects.entries[0], &bytes, 16) == 3)
            #expect(bytes[..<3] == [1, 2, 3])
        }
    }

    @Test(
        "who starts with something else is cut off",
        arguments: [
            Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 0, count: 16),
            Array("MNTP".utf8) + [2, 1, 0, 0] + [UInt8](repeating: 0, count: 8),
            Array("MNTP".utf8) + [1, 9, 0, 0] + [UInt8](repeating: 0, count: 8),
            Array("MNTP".utf8) + [1, 1, 1, 0] + [UInt8](repeating: 0, count: 8),
        ]
    )
    func garbage(bytes: [UInt8]) async throws {
        try await withGate { fixture, _ in
            let peer = try fixture.connected()
            peer.send(bytes)
            // Bytes that were not read end the connection with a reset.
            try await eventually { peer.receive() != .nothing }
            try await eventually { !fixture.refused.entries.isEmpty }
        }
    }

    @Test("a plain peer, or half a handshake, behind a right preamble gets nowhere")
    func plain() async throws {
        try await withGate { fixture, lane in
            let peer = try fixture.connected()
            peer.send(Preamble(.link, to: GateFixture.process).bytes + Array("hello, anybody there?".utf8))
            try await eventually { !fixture.refused.entries.isEmpty }
            #expect(fixture.accepted.entries.isEmpty)
            try await fixture.greet(on: lane).discard()
        }
    }

    @Test("a flood of those that say nothing, or stop in the middle, keeps no member out")
    func flood() async throws {
        try await withGate { fixture, lane in
            var silent: [RawSocket] = []
            for round in 0..<6 {
                for _ in 0..<60 {
                    let peer = try fixture.connected()
                    switch round % 3 {
                    case 0: break
                    case 1: peer.send(Array("MNT".utf8))
                    default: peer.send(Preamble(.link, to: GateFixture.process).bytes + [22, 3, 1])
                    }
                    silent.append(peer)
                }
                try await fixture.greet(on: lane).discard()
            }
            #expect(silent.count == 360)
        }
    }
}
