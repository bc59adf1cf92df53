internal import CMantaShims
internal import Glibc
package import MantaCore
import MantaWire

/// A connection while its two sides greet each other. On success the socket is handed on, else it is closed.
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

    private let socket: Int32
    private let lane: Lane
    private let role: Role
    private let greeting: Greeting
    private let patience: Duration
    private let faults: NetworkFaults?
    nonisolated(unsafe) private var state: State

    private struct State {
        var token: LaneToken?
        var received: [UInt8] = []
        var completion: Completion?
    }

    /// `greeting` is what this side says of itself.
    package init(
        socket: Int32,
        lane: Lane,
        role: Role,
        greeting: Greeting,
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
        state = State(completion: completion)
    }

    /// A lane that stops lets go of its sources: whoever waits for this one learns it here.
    deinit {
        guard let completion = state.completion else { return }
        _ = manta_close(socket)
        completion(.failure(lost("its lane has stopped")))
    }

    package func start() {
        state.token = lane.add(self, descriptor: socket, events: .readable)
        lane.wake(self, at: Lane.now + patience)
        if role == .caller { say(greeting, as: .hello) }
    }

    package func timePassed(_ now: Moment) {
        finish(.failure(lost("it did not answer the greeting within \(patience)")))
    }

    package func ready(_ events: LaneEvents) {
        let space = UnsafeMutableRawBufferPointer(rebasing: lane.receiveBuffer[..<Greeting.maximumByteCount])
        let count = manta_receive(socket, space.baseAddress, space.count)
        if count > 0 {
            state.received.append(contentsOf: space[..<count])
            readFrame()
        } else if count == 0 {
            finish(.failure(lost("it closed the connection during the greeting")))
        } else if count != -Int(EAGAIN), count != -Int(EINTR) {
            finish(.failure(lost("read failed: \(describe(error: Int32(-count)))")))
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
        finish(.success(GreetedSocket(descriptor: socket, peer: peer, received: state.received)))
    }

    private func say(_ greeting: Greeting, as kind: FrameKind) {
        let writer = ByteWriter(capacity: 256)
        greeting.append(as: kind, to: writer)
        // A greeting always fits the empty buffer of a new socket; a dead peer is noticed by the next read.
        _ = manta_send(socket, writer.bytes.baseAddress, writer.count)
    }

    private func reject(_ refusal: ClusterError) {
        let writer = ByteWriter(capacity: 512)
        guard let body = try? CBOR.encode(refusal) else { return }
        body.withUnsafeBytes {
            FrameHead(.reject, detail: Greeting.currentVersion).append(to: writer, body: $0)
        }
        _ = manta_send(socket, writer.bytes.baseAddress, writer.count)
    }

    private func refusal(_ body: [UInt8]) -> ClusterError {
        (try? CBOR.decode(ClusterError.self, from: body)) ?? lost("it refused the link without a reason")
    }

    private func lost(_ what: String) -> ClusterError {
        ClusterError(.notConnected, "\(greeting.process) got no link: \(what)", outcome: .notExecuted)
    }

    private func finish(_ result: Result<GreetedSocket, ClusterError>) {
        guard let completion = state.completion else { return }
        state.completion = nil
        if let token = state.token { lane.remove(token, descriptor: socket) }
        if case .failure = result { _ = manta_close(socket) }
        completion(result)
    }
}

/// A connected socket whose peer has said who it is; whoever holds it makes a link of it or closes it.
package struct GreetedSocket: Sendable {
    package var descriptor: Int32
    package var peer: Greeting
    /// What came behind the greeting.
    package var received: [UInt8]
}
