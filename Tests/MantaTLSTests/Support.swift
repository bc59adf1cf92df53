import Glibc
import MantaCore
import MantaTLS
import Testing

/// Goes on with a handshake of two sides in this thread until both are at an end.
func shakeHands(_ first: TLSSession, _ second: TLSSession) throws -> (
    TLSSession.Progress, TLSSession.Progress
) {
    // Each step of a side needs what the other has sent before.
    for _ in 0..<32 {
        let progress = (first.handshake(), second.handshake())
        if progress.0.isEnd, progress.1.isEnd { return progress }
    }
    Issue.record("the handshake does not end")
    throw CancellationError()
}

/// Two sides that have shaken hands.
struct Connection {
    let sockets = SocketPair()
    let client: TLSSession
    let server: TLSSession

    /// With `check`, a handshake that fails is an error.
    init(_ clients: TLSContext, _ servers: TLSContext, host: String? = nil, check: Bool = true) throws {
        client = try clients.client(over: sockets.first, host: host)
        server = try servers.server(over: sockets.second)
        let (first, second) = try shakeHands(client, server)
        guard check else { return }
        try #require(first == .done && second == .done, "\(first) and \(second)")
    }

    init() throws {
        let context = try TLSContext(.secret(.generate()))
        try self.init(context, context)
    }
}

extension TLSSession.Progress {
    var isEnd: Bool { self != .wantsRead && self != .wantsWrite }

    var reason: String? {
        switch self {
        case .failed(let reason), .lost(let reason): reason
        case .done, .wantsRead, .wantsWrite: nil
        }
    }
}

extension TLSSession {
    func send(_ bytes: some Collection<UInt8>) -> Int {
        Array(bytes).withUnsafeBytes { send($0.baseAddress, $0.count) }
    }

    /// What is there, up to `count` bytes; `nil` and the negated errno when there is nothing (0 at the end).
    func receive(_ count: Int) -> (bytes: [UInt8], status: Int) {
        var bytes = [UInt8](repeating: 0, count: count)
        let status = bytes.withUnsafeMutableBytes { receive($0.baseAddress, $0.count) }
        return (Array(bytes[..<max(0, status)]), status)
    }
}

let wouldBlock = -Int(EAGAIN)

/// The same bytes for the same seed.
func randomBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
}
