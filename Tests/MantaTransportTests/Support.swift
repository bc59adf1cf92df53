import Glibc
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Synchronization
import Testing

/// A frame with memory of its own, for tests to compare.
struct Frame: Equatable, Sendable {
    var head: FrameHead
    var body: [UInt8]

    init(_ head: FrameHead, _ body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    var bytes: [UInt8] {
        let writer = ByteWriter()
        body.withUnsafeBytes { head.append(to: writer, body: $0) }
        return Array(writer.bytes)
    }
}

extension Link {
    @discardableResult
    func send(_ frame: Frame) -> Bool { frame.bytes.withUnsafeBytes { send($0) } }
}

/// Keeps all that a link tells it.
final class Recorder: LinkHandler {
    struct State {
        var frames: [Frame] = []
        var drainedCount = 0
        var failures: [LinkFailure] = []
        var receivedOffLane = 0
        var receivedAfterEnd = 0
    }

    private let state = Mutex(State())
    private let reaction: (@Sendable (Frame, Link) -> Void)?

    /// - Parameter reaction: Called on the lane with each frame, after it was kept.
    init(reaction: (@Sendable (Frame, Link) -> Void)? = nil) { self.reaction = reaction }

    var seen: State { state.withLock { $0 } }
    var frames: [Frame] { seen.frames }
    var failures: [LinkFailure] { seen.failures }

    func received(_ head: FrameHead, _ body: FrameBody, on link: Link) {
        let frame = Frame(head, Array(body.bytes))
        state.withLock { state in
            state.frames.append(frame)
            if !link.lane.isCurrent { state.receivedOffLane += 1 }
            if !state.failures.isEmpty { state.receivedAfterEnd += 1 }
        }
        reaction?(frame, link)
    }

    func drained(_ link: Link) { state.withLock { $0.drainedCount += 1 } }
    func closed(_ failure: LinkFailure, on link: Link) { state.withLock { $0.failures.append(failure) } }
}

/// Runs `body` on the lane and returns what it returns.
func on<R: Sendable>(_ lane: Lane, _ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
        lane.execute { continuation.resume(returning: body()) }
    }
}

/// Runs `body` with lanes that end after it.
func withLanes<R>(_ count: Int, _ body: ([Lane]) async throws -> R) async throws -> R {
    // In turn with tests that count what a process holds.
    try await Turn.taken {
        let lanes = (0..<count).map { Lane(name: "test-\($0)", index: UInt8($0)) }
        do {
            let result = try await body(lanes)
            for lane in lanes { await lane.stop() }
            return result
        } catch {
            for lane in lanes { await lane.stop() }
            throw error
        }
    }
}

/// A link over `socket`, reading.
func startLink(
    _ socket: Int32,
    on lane: Lane,
    limits: LinkLimits = LinkLimits(),
    received: [UInt8] = [],
    _ handler: any LinkHandler
) async -> Link {
    await on(lane) {
        let link = Link(
            socket: Socket(socket),
            lane: lane,
            limits: limits,
            received: received,
            handler: handler
        )
        link.start()
        return link
    }
}

// MARK: Sockets

/// Two connected, non-blocking Unix sockets.
func makeSocketPair() throws -> (Int32, Int32) {
    var sockets: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    try #require(socketpair(AF_UNIX, type, 0, &sockets) == 0)
    return (sockets[0], sockets[1])
}

/// One end of a connection, driven by the test by hand. It closes with the last reference.
final class RawSocket: Sendable {
    let descriptor: Int32
    private let isClosed = Atomic<Bool>(false)

    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close() }

    /// Connects to a Unix socket.
    init(connectingTo path: String) throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        descriptor = socket(AF_UNIX, type, 0)
        try #require(descriptor >= 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        try #require(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafeBytes(of: &address) { bytes in
            Glibc.connect(
                descriptor,
                bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<sockaddr_un>.size)
            )
        }
        try #require(status == 0, "connect to \(path): \(errno)")
    }

    func close() {
        if !isClosed.exchange(true, ordering: .relaxed) { _ = Glibc.close(descriptor) }
    }

    /// Ends the writing, as a peer that dies halfway does.
    func shutdownWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    /// Sends as much as the socket takes; returns how much that was.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    enum Received: Equatable {
        case bytes([UInt8])
        case nothing
        case end
    }

    /// What there is to read now.
    func receive(upTo count: Int = 1 << 16) -> Received {
        var buffer = [UInt8](repeating: 0, count: count)
        let received = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if received > 0 { return .bytes(Array(buffer[..<received])) }
        return received < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .end
    }
}

/// Cuts bytes into frames, the plain way.
struct FrameCutter {
    private var rest: [UInt8] = []

    mutating func take(_ bytes: [UInt8]) throws -> [Frame] {
        rest += bytes
        var frames: [Frame] = []
        while rest.count >= FrameHead.byteCount {
            let length = (0..<4).reduce(0) { $0 | Int(rest[$1]) << (8 * $1) }
            guard rest.count >= 4 + length else { break }
            let head = try rest[4...].withUnsafeBytes {
                try FrameHead(afterLength: try #require($0.baseAddress))
            }
            frames.append(Frame(head, Array(rest[FrameHead.byteCount..<4 + length])))
            rest.removeFirst(4 + length)
        }
        return frames
    }
}

/// A folder of mode 0700 that is removed with all in it after `body`.
func withTemporaryFolder<R>(_ body: (String) async throws -> R) async throws -> R {
    var template = Array("/tmp/manta-test-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        for name in FolderEntries.names(in: path) { _ = unlink("\(path)/\(name)") }
        rmdir(path)
    }
    return try await body(path)
}
