import CMantaShims
import MantaCore
import MantaTLS

/// What lies between two sides: it hears all, and may change, keep or end what passes.
final class Wire {
    let client: TLSSession
    let server: TLSSession
    private let ofClient = SocketPair()
    private let ofServer = SocketPair()

    /// What has passed, by the side that sent it.
    private(set) var fromClient: [UInt8] = []
    private(set) var fromServer: [UInt8] = []

    /// What becomes of the bytes from a side, the first of which is its number so-many.
    var changeFromClient: (_ offset: Int, _ bytes: [UInt8]) -> [UInt8] = { _, bytes in bytes }
    var changeFromServer: (_ offset: Int, _ bytes: [UInt8]) -> [UInt8] = { _, bytes in bytes }

    init(_ clients: TLSContext, _ servers: TLSContext) throws {
        client = try clients.client(over: ofClient.first, host: nil)
        server = try servers.server(over: ofServer.first)
    }

    convenience init(_ context: TLSContext) throws { try self.init(context, context) }

    /// Passes on what was sent. `true` when there was something.
    @discardableResult
    func carry() -> Bool {
        let first = receivePlain(from: ofClient.second) ?? []
        let second = receivePlain(from: ofServer.second) ?? []
        _ = sendPlain(changeFromClient(fromClient.count, first), over: ofServer.second)
        _ = sendPlain(changeFromServer(fromServer.count, second), over: ofClient.second)
        fromClient += first
        fromServer += second
        return !first.isEmpty || !second.isEmpty
    }

    /// Ends the connection to one side, or from both.
    func cutClient() { manta_shutdown(ofClient.second) }
    func cutServer() { manta_shutdown(ofServer.second) }

    /// Puts bytes on the way to the server, or to the client.
    func sendToServer(_ bytes: [UInt8]) { _ = sendPlain(bytes, over: ofServer.second) }
    func sendToClient(_ bytes: [UInt8]) { _ = sendPlain(bytes, over: ofClient.second) }

    /// How far both sides come with all that is said.
    func shakeHands() -> (client: TLSSession.Progress, server: TLSSession.Progress) {
        var progress = (client.handshake(), server.handshake())
        while carry() {
            if !progress.0.isEnd { progress.0 = client.handshake() }
            if !progress.1.isEnd { progress.1 = server.handshake() }
        }
        return progress
    }
}

extension Array<UInt8> {
    /// With one bit changed, which is counted from the start of what a side sends.
    func flipping(bit: Int, offset: Int) -> [UInt8] {
        let index = bit / 8 - offset
        guard indices.contains(index) else { return self }
        var bytes = self
        bytes[index] ^= 1 << UInt8(bit % 8)
        return bytes
    }

    /// The records of TLS that this consists of: a kind, a version and a length of two bytes, then so many.
    var records: [[UInt8]] {
        var records: [[UInt8]] = []
        var rest = self[...]
        while rest.count >= 5 {
            let count = 5 + (Int(rest[rest.startIndex + 3]) << 8 | Int(rest[rest.startIndex + 4]))
            records.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return records
    }
}
