internal import CMantaShims
internal import Glibc
package import MantaCore
package import MantaTLS
import Synchronization

/// Where the port of this node hands sockets over that were connected to it from other nodes and want this process.
///
/// A datagram socket in the session's folder, which only this user may enter: each datagram is a preamble with a socket.
package final class HandoverPort: LaneSource, Sendable {
    /// Beside the socket at which the process listens for those of its own node.
    package static func path(beside socketPath: String) -> String { socketPath + ".in" }

    private let path: String
    private let descriptor: Int32
    private let lane: Lane
    private let tls: TLSContext
    private let reception: Reception
    private let refused: @Sendable (String) -> Void
    private let isClosed = Atomic<Bool>(false)
    /// Confined to the lane.
    nonisolated(unsafe) private var token: LaneToken?

    /// Listens at `path`, which must not exist; `start()` begins to accept. `accepted` is called on the lane with each
    /// connection, `refused` with the reason for each one that was not accepted.
    package init(
        path: String,
        lane: Lane,
        tls: TLSContext,
        greeting: Greeting,
        accepted: @escaping @Sendable (GreetedSocket) -> Void,
        refused: @escaping @Sendable (String) -> Void
    ) throws(ClusterError) {
        self.path = path
        self.lane = lane
        self.tls = tls
        self.refused = refused
        reception = Reception(
            lane: lane,
            greeting: greeting,
            faults: nil,
            accepted: accepted,
            refused: refused
        )
        descriptor = manta_handover_listen(path)
        guard descriptor >= 0 else {
            throw ClusterError(
                .notConnected,
                "cannot take connections over at \(path): \(describe(error: -descriptor))",
                hint: "check that the folder exists and is writable, or choose a shorter one"
            )
        }
    }

    package func start() {
        lane.execute {
            guard !self.isClosed.load(ordering: .relaxed) else { return }
            self.token = self.lane.add(self, descriptor: self.descriptor, events: .readable)
        }
    }

    package func close() {
        guard isClosed.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
            return
        }
        unlink(path)
        let isServed = lane.execute {
            if let token = self.token { self.lane.remove(token, descriptor: self.descriptor) }
            self.token = nil
            _ = manta_close(self.descriptor)
        }
        if !isServed { _ = manta_close(descriptor) }
    }

    package func ready(_ events: LaneEvents) {
        for _ in 0..<16 {
            var bytes = [UInt8](repeating: 0, count: Preamble.byteCount)
            var count = 0
            let socket = manta_handover_receive(descriptor, &bytes, bytes.count, &count)
            guard socket >= 0 else {
                if socket != -EAGAIN { refused("a handover to \(path) failed: \(describe(error: -socket))") }
                return
            }
            do throws(ClusterError) {
                reception.receive(Socket(socket, tls: try tls.server(over: socket)))
            } catch {
                _ = manta_close(socket)
                refused(error.message)
            }
        }
    }
}
