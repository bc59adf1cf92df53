internal import CMantaShims
internal import Glibc
import MantaCore
internal import MantaTLS

/// A connection to a node's port that has not been handed on. Confined to its lane.
final class GateVisitor: LaneSource, Sendable {
    /// The queue of the process is full: it is asked again.
    private static let retryPause = Duration.milliseconds(2)

    private let socket: Int32
    /// Which holds this one until it leaves.
    private unowned let gate: Gate
    private let lane: Lane
    private let deadline: Moment
    nonisolated(unsafe) private var token: LaneToken?
    nonisolated(unsafe) private var received: [UInt8] = []
    nonisolated(unsafe) private var hasLeft = false

    init(_ socket: Int32, gate: Gate, lane: Lane) {
        self.socket = socket
        self.gate = gate
        self.lane = lane
        deadline = Lane.now + Gate.patience
    }

    func start() {
        token = lane.add(self, descriptor: socket, events: .readable)
        wake(at: deadline)
        ready(.readable)
    }

    func leave(_ reason: String) { finish(reason, closes: true) }

    func timePassed(_ now: Moment) {
        guard !hasLeft else { return }
        if now >= deadline {
            leave(
                "a connection did not say within \(Gate.patience) whom it wants, or that process did not take it"
            )
        } else if let preamble = Preamble(received) {
            handOver(preamble)
        }
    }

    func ready(_ events: LaneEvents) {
        guard !hasLeft, received.count < Preamble.byteCount else { return }
        // No byte more: the rest is for the process that it wants.
        var bytes = [UInt8](repeating: 0, count: Preamble.byteCount - received.count)
        let count = manta_receive(socket, &bytes, bytes.count)
        if count > 0 {
            received += bytes[..<count]
            guard received.count == Preamble.byteCount else { return }
            guard let preamble = Preamble(received) else {
                return leave("a connection started with something else than Manta's preamble")
            }
            // From here on its bytes are another one's: to be told of them again and again would help nobody.
            if let token { lane.remove(token, descriptor: socket) }
            token = nil
            handOver(preamble)
        } else if count == 0 {
            leave("a connection ended before it had said whom it wants")
        } else if count != -Int(EAGAIN), count != -Int(EINTR) {
            leave("a connection failed: \(describe(error: Int32(-count)))")
        }
    }

    private func handOver(_ preamble: Preamble) {
        guard let target = gate.target(of: preamble) else {
            finish(nil, closes: false)
            return gate.takeForObjects(socket)
        }
        let path = HandoverPort.path(beside: gate.socketPath(target))
        let status = received.withUnsafeBytes {
            manta_handover_send(gate.sender, path, socket, $0.baseAddress, $0.count)
        }
        switch -status {
        case 0: finish(nil, closes: true)
        case EAGAIN: wake(at: min(deadline, Lane.now + Self.retryPause))
        case ENOENT, ECONNREFUSED:
            // It always fits the empty buffer of a new socket. What the other side has said meanwhile is not read: it finds this
            // before it finds the connection closed.
            _ = TLSSession.absence.withUnsafeBytes { manta_send(socket, $0.baseAddress, $0.count) }
            leave("a connection wants \(target), which is not here")
        default: leave("a connection to \(target) was not handed over: \(describe(error: -status))")
        }
    }

    /// Weak: one that has left does not wait for its timer.
    private func wake(at time: Moment) {
        lane.wake(LaneTimer { [weak self] in self?.timePassed(Lane.now) }, at: time)
    }

    private func finish(_ reason: String?, closes: Bool) {
        guard !hasLeft else { return }
        hasLeft = true
        if let token { lane.remove(token, descriptor: socket) }
        if closes { _ = manta_close(socket) }
        gate.left(self, reason)
    }
}
