internal import CMantaShims
internal import Glibc
package import MantaCore
internal import MantaTLS
import MantaWire

/// A connection while its two sides meet: `connecting → securing → greeting`, of which a socket of this machine has only
/// the last. On success the socket is handed on, else it is closed.
///
/// Confined to its lane, which also calls `completion`, exactly once.
package final class GreetingExchange: LaneSource, Sendable {
    package typealias Completion = @Sendable (Result<GreetedSocket, ClusterError>) -> Void

    package enum Role: Sendable {
        /// Says hello, waits for the welcome.
        case caller
        /// Waits for the hello, says welcome.
        case listener
    }

    /// A slow peer holds a place among the bounded number of greetings for no longer.
    package static let defaultPatience = Duration.seconds(5)

    private let socket: Socket
    private let lane: Lane
    private let role: Role
    private let greeting: Greeting
    private let patience: Duration
    private let faults: NetworkFaults?
    nonisolated(unsafe) private var state: State

    private enum Stage {
        /// The system connects; this is said first when it has.
        case connecting(Preamble)
        case securing
        case greeting
    }

    private struct State {
        var stage: Stage
        var token: LaneToken?
        var received: [UInt8] = []
        var completion: Completion?
    }

    /// - Parameters:
    ///   - socket: Connected, unless there is a preamble. It is this one's from now on.
    ///   - lane: Serves it.
    ///   - role: Who speaks first.
    ///   - greeting: What this side says of itself.
    ///   - preamble: What is said to the port of another node, once the connection stands.
    ///   - patience: How long all of it may take.
    ///   - faults: Whom this process cannot reach, in tests.
    ///   - completion: Called on the lane.
    package init(
        socket: Socket,
        lane: Lane,
        role: Role,
        greeting: Greeting,
        preamble: Preamble? = nil,
        patience: Duration = defaultPatience,
        faults: NetworkFaults? = nil,
        completion: @escaping Completion
    ) {
        self.socket = socket
        self.lane = lane
        self.role = role
        self.greeting = greeting
        self.patience = patience
        self.faults = faults
        let stage: Stage =
            if let preamble { .connecting(preamble) } else if socket.tls != nil { .securing } else {
                .greeting
            }
        state = State(stage: stage, completion: completion)
    }

    /// A lane that stops lets go of its sources: whoever waits for this one learns it here.
    deinit {
        guard let completion = state.completion else { return }
        socket.close()
        completion(.failure(lost("its lane has stopped")))
    }

    package func start() {
        let isConnecting = if case .connecting = state.stage { true } else { false }
        state.token = lane.add(
            self,
            descriptor: socket.descriptor,
            events: isConnecting ? .writable : .readable
        )
        // Weak: what has ended, with all that TLS keeps for it, does not wait for its timer.
        lane.wake(LaneTimer { [weak self] in self?.timePassed(Lane.now) }, at: Lane.now + patience)
        guard !isConnecting else { return }
        advance()
    }

    /// Gives up: others need its place.
    package func displace() { finish(.failure(lost("too many connections are being greeted"))) }

    package func timePassed(_ now: Moment) {
        finish(.failure(lost("it did not answer the greeting within \(patience)")))
    }

    package func ready(_ events: LaneEvents) {
        switch state.stage {
        case .connecting(let preamble): connected(preamble)
        case .securing: secure()
        case .greeting: receive()
        }
    }

    // MARK: Before the greeting

    private func connected(_ preamble: Preamble) {
        let error = manta_socket_error(socket.descriptor)
        guard error == 0 else {
            // Of all that may go wrong only this comes from the other machine.
            let isRefusal = error == -ECONNREFUSED
            return finish(.failure(lost("connect failed: \(describe(error: -error))", isRefusal: isRefusal)))
        }
        // It always fits the empty buffer of a new socket; a dead peer is noticed by the next read.
        _ = preamble.bytes.withUnsafeBytes { manta_send(socket.descriptor, $0.baseAddress, $0.count) }
        state.stage = socket.tls == nil ? .greeting : .securing
        advance()
    }

    private func advance() {
        if case .securing = state.stage { return secure() }
        watch(.readable)
        if role == .caller { say(greeting, as: .hello) }
        if socket.hasBuffered { receive() }
    }

    private func secure() {
        guard let tls = socket.tls else { return }
        switch tls.handshake() {
        case .wantsRead: watch(.readable)
        case .wantsWrite: watch(.writable)
        case .lost(let reason): finish(.failure(lost(reason, isRefusal: tls.foundNobody)))
        case .failed(let reason): finish(.failure(unauthenticated(reason)))
        case .done:
            state.stage = .greeting
            advance()
        }
    }

    /// Then the connection ends with the process at the other end. Between machines it may be one that the other side has given up
    /// behind a line that was cut, or had to close because there are too many.
    private var isLocal: Bool { socket.tls == nil }

    private func watch(_ events: LaneEvents) {
        if let token = state.token { lane.watch(socket.descriptor, for: events, token: token) }
    }

    // MARK: The greeting

    private func receive() {
        let space = UnsafeMutableRawBufferPointer(rebasing: lane.receiveBuffer[..<Greeting.maximumByteCount])
        let count = socket.receive(space)
        if count > 0 {
            state.received.append(contentsOf: space[..<count])
            readFrame()
            // What is left, the link reads when there is one.
            if state.completion != nil, socket.hasBuffered { receive() }
        } else if count == 0 {
            finish(.failure(lost("it closed the connection during the greeting", isRefusal: isLocal)))
        } else if count != -Int(EAGAIN), count != -Int(EINTR) {
            let isRefusal = count == -Int(ECONNRESET) && isLocal
            finish(
                .failure(lost("read failed: \(describe(error: Int32(-count)))", isRefusal: isRefusal))
            )
        }
    }

    private func readFrame() {
        guard state.received.count >= FrameHead.byteCount else { return }
        do {
            guard let (head, body) = try firstFrame() else { return }
            switch (head.kind, role) {
            case (.hello, .listener), (.welcome, .caller):
                let peer = try body.withUnsafeBytes { try Greeting(head, body: $0) }
                greet(peer)
            case (.reject, .caller):
                finish(.failure(refusal(body)))
            default:
                finish(.failure(lost("it sent a \(head.kind) frame instead of a greeting")))
            }
        } catch {
            finish(.failure(lost("its greeting is malformed: \(error)")))
        }
    }

    /// The head and body of the first frame, taken out of what was received; `nil` while it is incomplete.
    private func firstFrame() throws -> (FrameHead, [UInt8])? {
        let (head, end) = try state.received.withUnsafeBytes { bytes in
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
            guard length >= 8, length <= Greeting.maximumByteCount else {
                throw WireError(.tooLarge, "a greeting of \(length) bytes")
            }
            let afterLength = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped + 4)
            return (try FrameHead(afterLength: afterLength), 4 + length)
        }
        guard state.received.count >= end else { return nil }
        defer { state.received.removeFirst(end) }
        return (head, Array(state.received[FrameHead.byteCount..<end]))
    }

    private func greet(_ peer: Greeting) {
        guard state.completion != nil else { return }
        // Whoever is cut off has not been heard: its greeting is read when that has healed.
        let isHeld = faults?.hold(peer.process) { [weak self, lane] in
            lane.execute { [weak self] in self?.greet(peer) }
        }
        guard isHeld != true else { return }
        if let refusal = greeting.refusal(of: peer) {
            if role == .listener { reject(refusal) }
            finish(.failure(refusal))
            return
        }
        if role == .listener { say(greeting, as: .welcome) }
        finish(.success(GreetedSocket(socket: socket, peer: peer, received: state.received)))
    }

    private func say(_ greeting: Greeting, as kind: FrameKind) {
        let writer = ByteWriter(capacity: 256)
        greeting.append(as: kind, to: writer)
        // A greeting always fits the empty buffer of a new socket; a dead peer is noticed by the next read.
        _ = socket.send(writer.bytes)
    }

    private func reject(_ refusal: ClusterError) {
        let writer = ByteWriter(capacity: 512)
        guard let body = try? CBOR.encode(refusal) else { return }
        body.withUnsafeBytes {
            FrameHead(.reject, detail: Greeting.currentVersion).append(to: writer, body: $0)
        }
        _ = socket.send(writer.bytes)
    }

    private func refusal(_ body: [UInt8]) -> ClusterError {
        guard var error = try? CBOR.decode(ClusterError.self, from: body) else {
            return lost("it refused the link without a reason")
        }
        // Another process is there now.
        error.isRefusal = error.code == .notConnected
        return error
    }

    private func lost(_ what: String, isRefusal: Bool = false) -> ClusterError {
        var error = ClusterError(
            .notConnected,
            "\(greeting.process) got no link: \(what)",
            outcome: .notExecuted
        )
        error.isRefusal = isRefusal
        return error
    }

    private func unauthenticated(_ reason: String) -> ClusterError {
        ClusterError(
            .unauthenticated,
            "\(greeting.process) got no link: \(reason)",
            hint: "all processes of a cluster need the same cluster secret, or certificates of one authority",
            outcome: .notExecuted
        )
    }

    private func finish(_ result: Result<GreetedSocket, ClusterError>) {
        guard let completion = state.completion else { return }
        state.completion = nil
        if let token = state.token { lane.remove(token, descriptor: socket.descriptor) }
        if case .failure = result { socket.close() }
        completion(result)
    }
}

/// A connected socket whose peer has said who it is; whoever holds it makes a link of it or closes it.
package struct GreetedSocket: Sendable {
    package var socket: Socket
    package var peer: Greeting
    /// What came behind the greeting.
    package var received: [UInt8]

    /// Closes a connection that nobody wants.
    package func discard() { socket.close() }
}
