internal import CMantaShims
internal import Glibc
package import MantaCore
import Synchronization

/// Accepts connections at a Unix socket, and hands them on once they have been greeted.
///
/// Only processes of the same user get as far as the greeting, and only a bounded number at a time.
package final class Listener: LaneSource, Sendable {
    package let path: String

    private let socket: Int32
    private let lane: Lane
    private let reception: Reception
    private let refused: @Sendable (String) -> Void
    private let isClosed = Atomic<Bool>(false)
    /// Confined to the lane.
    nonisolated(unsafe) private var token: LaneToken?

    /// Listens at `path`, which must not exist; `start()` begins to accept. `accepted` is called on the lane
    /// with each connection, `refused` with the reason for each one that was not accepted.
    package init(
        path: String,
        lane: Lane,
        greeting: Greeting,
        faults: NetworkFaults? = nil,
        accepted: @escaping @Sendable (GreetedSocket) -> Void,
        refused: @escaping @Sendable (String) -> Void
    ) throws(ClusterError) {
        self.path = path
        self.lane = lane
        self.refused = refused
        reception = Reception(
            lane: lane,
            greeting: greeting,
            faults: faults,
            accepted: accepted,
            refused: refused
        )
        socket = manta_unix_listen(path, 1024)
        guard socket >= 0 else {
            throw ClusterError(
                .notConnected,
                "cannot listen at \(path): \(describe(error: -socket))",
                hint: "check that the folder exists and is writable, or set TMPDIR to another, shorter one"
            )
        }
    }

    package func start() {
        lane.execute {
            guard !self.isClosed.load(ordering: .relaxed) else { return }
            self.token = self.lane.add(self, descriptor: self.socket, events: .readable)
        }
    }

    /// Stops listening and takes the socket's file away.
    package func close() {
        guard isClosed.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
            return
        }
        unlink(path)
        let isServed = lane.execute {
            if let token = self.token { self.lane.remove(token, descriptor: self.socket) }
            self.token = nil
            _ = manta_close(self.socket)
        }
        if !isServed { _ = manta_close(socket) }
    }

    package func ready(_ events: LaneEvents) {
        for _ in 0..<16 {
            let connection = manta_accept(socket)
            guard connection >= 0 else {
                if connection == -EMFILE || connection == -ENFILE { pause() }
                return
            }
            guard manta_peer_user(connection) == Int64(geteuid()) else {
                refuse(connection, "a process of another user tried to connect to \(path)")
                continue
            }
            reception.receive(Socket(connection))
        }
    }

    /// No descriptor is left. The event would come again at once and the lane do nothing else, so it looks again later.
    private func pause() {
        guard let token else { return }
        refused("no descriptor is left for a connection to \(path): raise the limit (ulimit -n)")
        lane.watch(socket, for: LaneEvents(rawValue: 0), token: token)
        lane.wake(self, at: Lane.now + .milliseconds(100))
    }

    package func timePassed(_ now: Moment) {
        if let token { lane.watch(socket, for: .readable, token: token) }
    }

    private func refuse(_ connection: Int32, _ reason: String) {
        _ = manta_close(connection)
        refused(reason)
    }
}
