internal import CMantaShims
internal import Glibc
import MantaTransport

/// Reads what a worker writes to its standard output or error, line by line, on a lane of its own: a terminal
/// that does not take the lines holds up the worker's output, and nothing else.
final class OutputReader: LaneSource, Sendable {
    /// A longer line is handed on in pieces.
    private static let lineLimit = 16 * 1024

    private let descriptor: Int32
    private let lane: Lane
    private let onLine: @Sendable (String) -> Void
    private let onPause: @Sendable () -> Void
    private let onEnd: @Sendable () -> Void
    /// Confined to the lane.
    nonisolated(unsafe) private var token: LaneToken?
    nonisolated(unsafe) private var partial: [UInt8] = []

    /// Takes over `descriptor`, the reading end of a pipe. `onPause` is called after the lines that were there at once.
    init(
        _ descriptor: Int32,
        lane: Lane,
        onLine: @escaping @Sendable (String) -> Void,
        onPause: @escaping @Sendable () -> Void = {},
        onEnd: @escaping @Sendable () -> Void
    ) {
        self.descriptor = descriptor
        self.lane = lane
        self.onLine = onLine
        self.onPause = onPause
        self.onEnd = onEnd
    }

    func start() {
        _ = manta_set_nonblocking(descriptor)
        lane.execute { self.token = self.lane.add(self, descriptor: self.descriptor, events: .readable) }
    }

    /// Takes what is in the pipe and ends, though a child of the worker may still hold the other end open.
    func finish() {
        lane.execute {
            // At most what a pipe holds: a child of the worker may write for ever.
            for _ in 0..<8 where self.token != nil && self.read() {}
            self.end()
        }
    }

    func ready(_ events: LaneEvents) { _ = read() }

    /// Whether there may be more.
    private func read() -> Bool {
        let count = manta_receive(descriptor, lane.receiveBuffer.baseAddress, lane.receiveBuffer.count)
        if count > 0 {
            take(UnsafeRawBufferPointer(rebasing: lane.receiveBuffer[..<count]))
            onPause()
            return true
        }
        if count == 0 || count != -Int(EAGAIN) && count != -Int(EINTR) { end() }
        return false
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || partial.count >= Self.lineLimit { emit() }
            if byte != UInt8(ascii: "\n") { partial.append(byte) }
        }
    }

    private func emit() {
        onLine(String(decoding: partial, as: UTF8.self))
        partial.removeAll(keepingCapacity: true)
    }

    private func end() {
        guard let token else { return }
        self.token = nil
        if !partial.isEmpty {
            emit()
            onPause()
        }
        lane.remove(token, descriptor: descriptor)
        _ = manta_close(descriptor)
        onEnd()
    }
}
