import CMantaShims
import Dispatch
import Glibc
import MantaCore
import MantaObjectTransfer
import MantaTLS
import MantaTestSupport
import MantaTransport
import Synchronization
import Testing

/// A port of this machine at which connections over the network arrive.
final class TLSPort: Sendable {
    let address: NodeAddress
    let network: Network
    private let listener: Int32
    private let chosenTimeout = Mutex(Duration.seconds(30))

    /// With a new secret, which is written into `folder`.
    init(folder: String) throws {
        let secret = "\(folder)/secret"
        try ClusterSecret.generate().write(to: secret)
        listener = manta_tcp_listen("127.0.0.1", 0, 16)
        try #require(listener >= 0)
        address = NodeAddress(host: "127.0.0.1", port: UInt16(clamping: manta_socket_port(listener)))
        network = try Network(
            NetworkLaunch(
                address: address,
                heads: [address],
                gcs: ProcessID(1),
                security: .secret(path: secret)
            )
        )
    }

    deinit { _ = manta_close(listener) }

    /// Of the streams that are made from then on.
    var timeout: Duration {
        get { chosenTimeout.withLock { $0 } }
        set { chosenTimeout.withLock { $0 = newValue } }
    }

    var options: BulkOptions {
        var options = BulkOptions()
        options.timeout = timeout
        options.network = network
        return options
    }

    /// The next connection, once it has said what it wants; `nil` when it wants something else.
    func accept() -> Int32? {
        guard manta_wait_readable(listener, -1, 30_000_000) > 0 else { return nil }
        let socket = manta_accept(listener)
        guard socket >= 0 else { return nil }
        var preamble = [UInt8](repeating: 0, count: Preamble.byteCount)
        let isThere = manta_wait_readable(socket, -1, 30_000_000) > 0
        let count = preamble.withUnsafeMutableBytes { manta_receive(socket, $0.baseAddress, $0.count) }
        guard isThere, count == preamble.count, Preamble(preamble)?.purpose == .objects else {
            _ = manta_close(socket)
            return nil
        }
        return socket
    }

    /// Both ends of a connection that has been proved.
    func connection() async throws -> (client: TLSStream, server: TLSStream) {
        let (address, options) = (address, options)
        async let client = onThread { try TLSStream.connect(to: address, options) }
        let server = try await onThread { [self] in
            let stream = try TLSStream(accepted: #require(accept()), tls: network.tls, options)
            try stream.secure()
            return stream
        }
        return (try await client, server)
    }
}

/// A stream whose other end does as the test says.
final class SecuredLater: Sendable {
    let stream: TLSStream
    let peer: Int32

    init(_ tls: TLSContext, _ options: BulkOptions) throws {
        var sockets: [Int32] = [-1, -1]
        try #require(manta_socketpair(&sockets) == 0)
        peer = sockets[1]
        stream = try TLSStream(accepted: sockets[0], tls: tls, options)
    }

    deinit { _ = manta_close(peer) }
}

/// Runs `body` with a port of its own, and sees that no thread or descriptor is left.
func withTLS(_ body: (TLSPort) async throws -> Void) async throws {
    try await withLedger {
        try await withTemporaryFolder { folder in try await body(TLSPort(folder: folder)) }
    }
}

/// Runs on a thread that may wait.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        startThread(named: "test") { continuation.resume(with: Result { try body() }) }
    }
}

func onThread<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
    await withCheckedContinuation { continuation in
        startThread(named: "test") { continuation.resume(returning: body()) }
    }
}

/// Sends on one thread while another receives, and returns what the second does.
func bothAtOnce<R: Sendable>(
    _ first: @escaping @Sendable () throws -> Void,
    and second: @escaping @Sendable () throws -> R
) async throws -> R {
    async let sent: Void = onThread { try first() }
    let result = try await onThread { try second() }
    try await sent
    return result
}

func send(_ bytes: [UInt8], over stream: any BulkStream) throws(LinkFailure) {
    let result = bytes.withUnsafeBytes { bytes in
        Result { () throws(LinkFailure) in
            try stream.send(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
    try result.get()
}

func received(_ count: Int, from stream: any BulkStream) throws(LinkFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let result = bytes.withUnsafeMutableBytes { bytes in
        Result { () throws(LinkFailure) in try stream.receive(into: bytes) }
    }
    try result.get()
    return bytes
}

func linkFailure(_ body: () throws(LinkFailure) -> Void) -> LinkFailure? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
