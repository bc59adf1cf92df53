import Distributed
import MantaCore
import MantaTestSupport
import MantaTransport
import MantaWire
import Synchronization
import Testing

@testable import MantaRuntime

/// A process that has greeted another one properly, and then sends it whatever the test wants.
final class HostilePeer: LinkHandler {
    private struct State {
        var link: Link?
        var replies: [UInt32: (status: ReplyStatus?, body: [UInt8])] = [:]
        var frameCount = 0
        var failure: LinkFailure?
        var lastMethod: UInt32 = 0
        var lastCall: UInt32 = 0
    }

    let lane = Lane(name: "hostile", index: 0)
    private let state = Mutex(State())

    /// Connects to a lane of `system`.
    static func connect(to system: ClusterSystem, lane index: UInt8 = 0, process: UInt64 = 0xBAD) async throws
        -> HostilePeer
    {
        let peer = HostilePeer()
        let greeting = Greeting(
            lane: index,
            cluster: system.options.cluster,
            process: ProcessID(process),
            target: system.process,
            buildID: []
        )
        let socket = try await MantaTransport.connect(
            to: system.options.endpoint(of: system.process),
            on: peer.lane,
            greeting: greeting
        )
        await withCheckedContinuation { continuation in
            peer.lane.execute {
                let link = Link(
                    socket: socket.socket,
                    lane: peer.lane,
                    received: socket.received,
                    handler: peer
                )
                peer.state.withLock { $0.link = link }
                link.start()
                continuation.resume()
            }
        }
        return peer
    }

    func end() async {
        state.withLock { $0.link }?.close(.closedHere("done"))
        await lane.stop()
    }

    /// Whether the other side has cut this one off.
    var isCutOff: Bool { state.withLock { $0.failure } == .peerClosed }

    /// How many frames have come back.
    var frameCount: Int { state.withLock { $0.frameCount } }

    func hasReply(to number: UInt32) -> Bool { state.withLock { $0.replies[number] != nil } }

    func received(_ head: FrameHead, _ body: FrameBody, on link: Link) {
        let bytes = Array(body.bytes)
        state.withLock { state in
            state.frameCount += 1
            if head.kind == .reply {
                state.replies[head.number] = (ReplyStatus(rawValue: head.detail), bytes)
            }
        }
    }

    func drained(_ link: Link) {}
    func closed(_ failure: LinkFailure, on link: Link) { state.withLock { $0.failure = failure } }

    // MARK: Sending

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        guard let link = state.withLock({ $0.link }) else { return false }
        return bytes.withUnsafeBytes { link.send($0) }
    }

    @discardableResult
    func send(_ head: FrameHead, _ body: [UInt8] = []) -> Bool {
        let writer = ByteWriter()
        body.withUnsafeBytes { head.append(to: writer, body: $0) }
        return send(Array(writer.bytes))
    }

    /// Gives a method a number.
    func name(_ identifier: String) -> UInt32 {
        let number = state.withLock { state in
            state.lastMethod += 1
            return state.lastMethod
        }
        send(FrameHead(.name, number: number), Array(identifier.utf8))
        return number
    }

    /// Sends a call, and returns its number.
    @discardableResult
    func call(
        _ actor: ActorID,
        _ method: UInt32,
        number: UInt32? = nil,
        epoch: UInt32 = 0,
        substitutionCount: Int = 0,
        milliseconds: UInt32 = 20_000,
        flags: FrameFlags = FrameFlags(),
        token: CallToken? = nil,
        _ body: [UInt8] = []
    ) -> UInt32 {
        let number =
            number
            ?? state.withLock { state in
                state.lastCall += 1
                return state.lastCall
            }
        let writer = ByteWriter()
        writer.appendZeros(FrameHead.callByteCount + (token == nil ? 0 : CallToken.byteCount))
        body.withUnsafeBytes { writer.append($0) }
        CallHead(actor: actor, method: method, epoch: epoch, remainingMilliseconds: milliseconds).store(
            in: writer
        )
        token?.store(in: writer)
        FrameHead(
            .call,
            flags: token == nil ? flags : flags.union(.hasToken),
            detail: UInt16(truncatingIfNeeded: substitutionCount),
            number: number
        ).store(in: writer)
        send(Array(writer.bytes))
        return number
    }

    // MARK: What came back

    func reply(to number: UInt32) async throws -> (status: ReplyStatus?, body: [UInt8]) {
        var reply: (status: ReplyStatus?, body: [UInt8])?
        try await eventually("a reply to call \(number)") {
            reply = state.withLock { $0.replies[number] }
            return reply != nil
        }
        return try #require(reply)
    }

    /// The error with which the system refused a call.
    func refusal(of number: UInt32) async throws -> ClusterError {
        let reply = try await reply(to: number)
        try #require(reply.status == .failed)
        return try CBOR.decode(ClusterError.self, from: reply.body)
    }

    func value<T: Decodable>(of number: UInt32, as type: T.Type = T.self) async throws -> T {
        let reply = try await reply(to: number)
        try #require(reply.status == .value)
        return try CBOR.decode(type, from: reply.body)
    }
}

private struct NotRecorded: Error {}

/// A call as this program would send it.
struct RecordedBytes: Sendable {
    var identifier: String
    var substitutionCount: Int
    /// The generic substitutions and the arguments.
    var body: [UInt8]

    /// Records the call that `body` makes of the actor that it gets, which is nowhere.
    static func of<Act: DistributedActor>(
        _ type: Act.Type = Act.self,
        in system: ClusterSystem,
        _ body: (Act) async throws -> Void
    ) async throws -> RecordedBytes where Act.ActorSystem == ClusterSystem {
        let recorder = try Act.resolve(id: .system(0x7E57, process: system.process), using: system)
        do {
            try await body(recorder)
        } catch let call as DispatchSelfTest.RecordedCall {
            return RecordedBytes(
                identifier: call.method.identifier,
                substitutionCount: call.substitutionCount,
                body: Array(call.body.bytes.dropFirst(FrameHead.callByteCount))
            )
        }
        throw NotRecorded()
    }
}

extension HostilePeer {
    /// Sends a recorded call, changed or not.
    @discardableResult
    func call(_ actor: ActorID, _ call: RecordedBytes) -> UInt32 {
        self.call(actor, name(call.identifier), substitutionCount: call.substitutionCount, call.body)
    }
}

func withHostilePeer<R>(
    dispatch: DispatchMode,
    limits: LinkLimits = LinkLimits(),
    _ body: (ClusterPair, HostilePeer) async throws -> R
) async throws -> R {
    try await withClusterPair(dispatch: dispatch, limits: limits) { pair in
        let peer = try await HostilePeer.connect(to: pair.callee)
        do {
            let result = try await body(pair, peer)
            await peer.end()
            return result
        } catch {
            await peer.end()
            throw error
        }
    }
}
