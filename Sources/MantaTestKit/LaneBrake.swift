internal import CMantaShims
internal import Glibc
internal import MantaTransport
import Synchronization

/// Holds lanes where they are: each blocks in the read of a pipe until that has no writer any more.
final class LaneBrake: Sendable {
    private let reader: Int32
    private let writer: Int32
    private let left = Mutex(Left())

    private struct Left {
        /// Lanes that are held.
        var count = 0
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// Returns when all `lanes` stand, each after the job that it runs.
    static func engage(_ lanes: [Lane]) async -> LaneBrake {
        let brake = LaneBrake()
        await withDiscardingTaskGroup { group in
            for lane in lanes { group.addTask { await brake.hold(lane) } }
        }
        return brake
    }

    private init() {
        var ends: [Int32] = [-1, -1]
        let status = manta_pipe(&ends)
        precondition(status >= 0, "no pipe: \(describe(error: -status))")
        (reader, writer) = (ends[0], ends[1])
    }

    private func hold(_ lane: Lane) async {
        await withCheckedContinuation { continuation in
            let isServed = lane.executeLater {
                self.left.withLock { $0.count += 1 }
                continuation.resume()
                self.stand()
            }
            if !isServed { continuation.resume() }
        }
    }

    private func stand() {
        var byte: UInt8 = 0
        while read(reader, &byte, 1) < 0, errno == EINTR {}
        let waiter = left.withLock { left in
            left.count -= 1
            return left.count == 0 ? left.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Lets the lanes go, and returns when all of them do.
    func release() async {
        _ = manta_close(writer)
        await withCheckedContinuation { continuation in
            let isOver = left.withLock { left in
                if left.count > 0 { left.waiter = continuation }
                return left.count == 0
            }
            if isOver { continuation.resume() }
        }
        _ = manta_close(reader)
    }
}
