internal import CMantaShims
internal import Glibc
internal import MantaCore
import Synchronization

/// A descriptor at which sockets arrive: takes them on its lane, some at a time, until it is closed.
///
/// When one cannot be taken, such as for want of a descriptor, the event would come again at once and the lane do nothing
/// else; so it looks again a little later.
final class Doorway: LaneSource, Sendable {
    private static let batch = 32
    private static let pause = Duration.milliseconds(100)

    /// What its owner does with those who come. All of it is called on the lane.
    struct Owner: Sendable {
        /// Takes the next one: a socket, or a negative error number.
        var next: @Sendable (_ descriptor: Int32) -> Int32 = manta_accept
        var arrived: @Sendable (_ socket: Int32) -> Void
        /// Told why the next one cannot be taken; that there is none is no such reason.
        var failed: @Sendable (_ reason: String) -> Void
    }

    private let descriptor: Int32
    private let path: String?
    private let lane: Lane
    private let isClosed = Atomic<Bool>(false)
    /// Confined to the lane.
    nonisolated(unsafe) private var token: LaneToken?
    /// Confined to the lane.
    nonisolated(unsafe) private var owner: Owner?

    /// - Parameters:
    ///   - descriptor: A socket that does not block and that others connect or send to; closed by `close`.
    ///   - path: Of its file, which is taken away with it; `nil` if it has none.
    ///   - lane: Where sockets are taken.
    init(_ descriptor: Int32, at path: String? = nil, on lane: Lane) {
        self.descriptor = descriptor
        self.path = path
        self.lane = lane
    }

    /// Begins to take sockets for `owner`, unless it has been closed.
    func open(for owner: Owner) {
        lane.execute {
            guard !self.isClosed.load(ordering: .relaxed) else { return }
            self.owner = owner
            self.token = self.lane.add(self, descriptor: self.descriptor, events: .readable)
        }
    }

    /// Takes no more, removes the file and closes the descriptor; the second time nothing.
    ///
    /// - Parameter end: Called after that: on the lane, or here when the lane has stopped.
    func close(then end: @escaping @Sendable (_ isOnLane: Bool) -> Void = { _ in }) {
        guard isClosed.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
            return
        }
        if let path { unlink(path) }
        let isServed = lane.execute {
            if let token = self.token { self.lane.remove(token, descriptor: self.descriptor) }
            (self.token, self.owner) = (nil, nil)
            _ = manta_close(self.descriptor)
            end(true)
        }
        guard !isServed else { return }
        _ = manta_close(descriptor)
        end(false)
    }

    func ready(_ events: LaneEvents) {
        for _ in 0..<Self.batch {
            // It may be closed by one who arrives.
            guard let owner, let token else { return }
            let socket = owner.next(descriptor)
            if socket >= 0 {
                owner.arrived(socket)
                continue
            }
            if socket == -ECONNABORTED { continue }  // it has gone again
            if socket == -EAGAIN { return }
            lane.watch(descriptor, for: LaneEvents(rawValue: 0), token: token)
            lane.wake(self, at: Lane.now + Self.pause)
            let isOutOfDescriptors = socket == -EMFILE || socket == -ENFILE
            return owner.failed(
                isOutOfDescriptors
                    ? "no descriptor is left for one more: raise the limit (ulimit -n)"
                    : describe(error: -socket)
            )
        }
    }

    func timePassed(_ now: Moment) {
        if let token { lane.watch(descriptor, for: .readable, token: token) }
    }
}
