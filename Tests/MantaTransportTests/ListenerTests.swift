import Glibc
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Testing

/// A listener in a folder of its own, and what came of those who connected to it.
struct ListenerFixture {
    let path: String
    let lane: Lane
    let listener: Listener
    let accepted = Log<GreetedSocket>()
    let refused = Log<String>()

    static let cluster: UInt64 = 42
    static let process = ProcessID(0x11)

    static func greeting(of process: ProcessID = process, target: ProcessID = ProcessID(0)) -> Greeting {
        Greeting(lane: 1, cluster: cluster, process: process, target: target, buildID: [1, 2, 3])
    }

    init(folder: String, lane: Lane) throws {
        path = "\(folder)/listener"
        self.lane = lane
        listener = try Listener(
            path: path,
            lane: lane,
            greeting: Self.greeting(),
            accepted: { [accepted] in accepted.append($0) },
            refused: { [refused] in refused.append($0) }
        )
        listener.start()
    }

    func end() {
        listener.close()
        for socket in accepted.entries { socket.discard() }
    }
}

func withListener<R>(_ body: (ListenerFixture, Lane) async throws -> R) async throws -> R {
    try await withTemporaryFolder { folder in
        try await withLanes(2) { lanes in
            let fixture = try ListenerFixture(folder: folder, lane: lanes[0])
            defer { fixture.end() }
            return try await body(fixture, lanes[1])
        }
    }
}

/// What is sent in the place of a hello.
private let garbageHellos: [(String, [UInt8])] = [
    ("random bytes", [0x47, 0x45, 0x54, 0x20, 0x2F, 0x20, 0x48, 0x54, 0x54, 0x50, 0x2F, 0x31, 0x2E, 0x31]),
    ("a length below the head's", [7, 0, 0, 0, 6, 0, 1, 0, 0, 0, 0, 0]),
    ("a length over the bound", [0, 0x11, 0, 0, 6, 0, 1, 0, 0, 0, 0, 0]),
    ("an unknown kind", [8, 0, 0, 0, 99, 0, 1, 0, 0, 0, 0, 0]),
    ("a call", [8, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]),
    ("a welcome", [8, 0, 0, 0, 7, 0, 1, 0, 0, 0, 0, 0]),
    ("a hello without a body", [8, 0, 0, 0, 6, 0, 1, 0, 0, 0, 0, 0]),
    ("a hello of another magic", [36, 0, 0, 0, 6, 0, 1, 0, 0, 0, 0, 0] + [UInt8](repeating: 1, count: 28)),
]

@Suite("listener and greeting exchange", .timeLimit(.minutes(10)))
struct ListenerTests {
    private let caller = ListenerFixture.greeting(of: ProcessID(0x22), target: ListenerFixture.process)

    private func hello(_ greeting: Greeting) -> [UInt8] {
        let writer = ByteWriter()
        greeting.append(as: .hello, to: writer)
        return Array(writer.bytes)
    }

    /// The first frame that comes, `nil` when the connection ends before one has come.
    private func answer(to socket: RawSocket) async throws -> Frame? {
        var cutter = FrameCutter()
        var frame: Frame?
        try await eventually("an answer or the end") {
            switch socket.receive() {
            case .nothing: return false
            case .end: return true
            case .bytes(let bytes):
                frame = try cutter.take(bytes).first
                return frame != nil
            }
        }
        return frame
    }

    @Test("two sides that greet each other learn who the other is")
    func good() async throws {
        try await withListener { fixture, lane in
            let socket = try await connect(to: .unix(path: fixture.path), on: lane, greeting: caller)
            #expect(socket.peer == ListenerFixture.greeting())
            #expect(socket.received.isEmpty)
            try await eventually { fixture.accepted.entries.count == 1 }
            #expect(fixture.accepted.entries[0].peer == caller)
            #expect(fixture.refused.entries.isEmpty)
            socket.discard()
        }
    }

    @Test("frames that follow the hello at once reach the link")
    func framesBehindHello() async throws {
        try await withListener { fixture, _ in
            let peer = try RawSocket(connectingTo: fixture.path)
            let ping = Frame(FrameHead(.call, number: 5), [1, 2, 3])
            peer.send(hello(caller) + ping.bytes)
            try await eventually { fixture.accepted.entries.count == 1 }
            #expect(fixture.accepted.entries[0].received == ping.bytes)
        }
    }

    @Test("a hello that arrives byte by byte is understood")
    func byteByByte() async throws {
        try await withListener { fixture, _ in
            let peer = try RawSocket(connectingTo: fixture.path)
            for byte in hello(caller) {
                peer.send([byte])
                await on(fixture.lane) {}
            }
            let welcome = try #require(try await answer(to: peer))
            #expect(welcome.head.kind == .welcome)
            let greeting = try welcome.body.withUnsafeBytes { try Greeting(welcome.head, body: $0) }
            #expect(greeting == ListenerFixture.greeting())
        }
    }

    @Test("who sends something else is cut off without an answer", arguments: garbageHellos.indices)
    func garbage(index: Int) async throws {
        let (what, bytes) = garbageHellos[index]
        try await withListener { fixture, lane in
            let peer = try RawSocket(connectingTo: fixture.path)
            peer.send(bytes)
            #expect(try await answer(to: peer) == nil, "\(what)")
            try await eventually { fixture.refused.entries.count == 1 }
            #expect(fixture.accepted.entries.isEmpty)
            // Others are still welcome.
            try await connect(to: .unix(path: fixture.path), on: lane, greeting: caller).discard()
        }
    }

    @Test("who goes away in the middle of its hello is forgotten", arguments: [0, 1, 11, 12, 30])
    func halfHello(count: Int) async throws {
        try await withListener { fixture, lane in
            let peer = try RawSocket(connectingTo: fixture.path)
            peer.send(Array(hello(caller).prefix(count)))
            peer.close()
            try await eventually { fixture.refused.entries.count == 1 }
            #expect(fixture.refused.entries[0].contains("closed the connection during the greeting"))
            try await connect(to: .unix(path: fixture.path), on: lane, greeting: caller).discard()
        }
    }

    @Test("a caller of another version gets a reject that names both versions")
    func otherVersion() async throws {
        try await withListener { fixture, lane in
            var newer = caller
            newer.oldestVersion = 7
            newer.version = 9
            let error = try #require(
                await clusterError {
                    try await connect(to: .unix(path: fixture.path), on: lane, greeting: newer).discard()
                }
            )
            #expect(error.code == .incompatible)
            #expect(error.message.contains("7 to 9"))
            #expect(error.message.contains("\(Greeting.oldestVersion) to \(Greeting.currentVersion)"))
            #expect(error.outcome == .notExecuted)
            try await eventually { fixture.refused.entries.count == 1 }
            #expect(fixture.accepted.entries.isEmpty)
        }
    }

    @Test("a caller of another cluster, or that looks for another process, is told why it is refused")
    func otherClusterOrTarget() async throws {
        try await withListener { fixture, lane in
            var stranger = caller
            stranger.cluster = 1
            let foreign = try #require(
                await clusterError {
                    try await connect(to: .unix(path: fixture.path), on: lane, greeting: stranger).discard()
                }
            )
            #expect(foreign.code == .incompatible)
            var lost = caller
            lost.target = ProcessID(0x99)
            let mistaken = try #require(
                await clusterError {
                    try await connect(to: .unix(path: fixture.path), on: lane, greeting: lost).discard()
                }
            )
            #expect(mistaken.code == .notConnected)
            #expect(mistaken.message.contains("process-99"))
        }
    }

    @Test(
        "a caller that gets an answer other than a welcome fails",
        arguments: [FrameKind.hello, .call, .reply, .reject]
    )
    func wrongAnswer(kind: FrameKind) async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            peer.send(Frame(FrameHead(kind, detail: 1), [1, 2, 3]).bytes)
            let error = try #require(
                await clusterError {
                    try await greet(over: Socket(near), on: lanes[0], greeting: caller).discard()
                }
            )
            #expect(error.code == .notConnected)
            #expect(error.outcome == .notExecuted)
            // It has said hello, and has closed.
            guard case .bytes(let bytes) = peer.receive() else {
                Issue.record("nothing was sent")
                return
            }
            #expect(bytes == hello(caller))
            #expect(peer.receive() == .end)
        }
    }

    @Test("a peer that says nothing is given up after the patience of the exchange")
    func patience() async throws {
        try await withLanes(1) { lanes in
            let (near, far) = try makeSocketPair()
            let peer = RawSocket(far)
            let results = Log<Result<GreetedSocket, ClusterError>>()
            let lane = lanes[0]
            await on(lane) {
                GreetingExchange(
                    socket: Socket(near),
                    lane: lane,
                    role: .listener,
                    greeting: ListenerFixture.greeting(),
                    patience: .milliseconds(30)
                ) { results.append($0) }
                .start()
            }
            try await eventually { !results.entries.isEmpty }
            guard case .failure(let error) = results.entries[0] else {
                Issue.record("a silent peer was welcome")
                return
            }
            #expect(error.code == .notConnected)
            #expect(peer.receive() == .end)
            #expect(results.entries.count == 1)
        }
    }

    @Test("no more than 64 are greeted at once: past that, who has been silent longest has to go")
    func manyAtOnce() async throws {
        try await withListener { fixture, lane in
            let silent = try (0..<70).map { _ in try RawSocket(connectingTo: fixture.path) }
            try await eventually { fixture.refused.entries.count == 6 }
            #expect(fixture.refused.entries.allSatisfy { $0.contains("too many") })
            for socket in silent[..<6] { try await eventually { socket.receive() == .end } }
            #expect(silent[6...].allSatisfy { $0.receive() == .nothing })
            // Who means it is welcome however many do not.
            try await connect(to: .unix(path: fixture.path), on: lane, greeting: caller).discard()
        }
    }

    @Test("a hundred callers at the same time are welcome, one after another")
    func hundredCallers() async throws {
        try await withListener { fixture, lane in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    let greeting = ListenerFixture.greeting(of: ProcessID(1_000 + UInt64(index)))
                    group.addTask {
                        // Over the bound the listener closes: a caller may come again.
                        try await eventually {
                            guard
                                let socket = try? await connect(
                                    to: .unix(path: fixture.path),
                                    on: lane,
                                    greeting: greeting
                                )
                            else { return false }
                            socket.discard()
                            return true
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { fixture.accepted.entries.count == 100 }
            #expect(Set(fixture.accepted.entries.map(\.peer.process)).count == 100)
        }
    }

    @Test("closing takes the socket's file away, and nobody can connect any more")
    func close() async throws {
        try await withListener { fixture, lane in
            #expect(access(fixture.path, F_OK) == 0)
            fixture.listener.close()
            #expect(access(fixture.path, F_OK) != 0)
            await on(fixture.lane) {}
            let error = try #require(
                await clusterError {
                    try await connect(to: .unix(path: fixture.path), on: lane, greeting: caller).discard()
                }
            )
            #expect(error.code == .notConnected)
            #expect(error.outcome == .notExecuted)
        }
    }

    @Test("a path where something is already, or whose folder is not there, is refused with the path")
    func badPath() async throws {
        try await withListener { fixture, lane in
            for path in [
                fixture.path, "\(fixture.path)-no-folder/socket",
                "/tmp/" + String(repeating: "x", count: 200),
            ] {
                let error = try #require(
                    await clusterError {
                        _ = try Listener(
                            path: path,
                            lane: lane,
                            greeting: caller,
                            accepted: { $0.discard() },
                            refused: { _ in }
                        )
                    }
                )
                #expect(error.code == .notConnected)
                #expect(error.message.contains(path))
                #expect(error.hint != nil)
            }
        }
    }

    @Test("a greeting over a lane that stops, or has stopped, ends")
    func stoppedLane() async throws {
        let lane = Lane(name: "test", index: 0)
        let (near, far) = try makeSocketPair()
        let peer = RawSocket(far)
        let caller = caller
        let ends = Log<ClusterError.Code?>()
        Task {
            ends.append(
                await clusterError {
                    try await greet(over: Socket(near), on: lane, greeting: caller).discard()
                }?.code
            )
        }
        try await eventually { peer.receive() == .bytes(hello(caller)) }
        await lane.stop()
        try await eventually(within: .seconds(10)) { ends.entries.count == 1 }

        let (late, lateFar) = try makeSocketPair()
        let latePeer = RawSocket(lateFar)
        Task {
            ends.append(
                await clusterError {
                    try await greet(over: Socket(late), on: lane, greeting: caller).discard()
                }?.code
            )
        }
        try await eventually(within: .seconds(10)) { ends.entries.count == 2 }
        #expect(ends.entries == [.notConnected, .notConnected])
        #expect(peer.receive() == .end)
        #expect(latePeer.receive() == .end)
    }
}
