internal import CMantaShims
internal import Glibc
package import MantaCore
package import MantaTLS

/// Where the port of this node hands sockets over that were connected to it from other nodes and want this process.
///
/// A datagram socket in the session's folder, which only this user may enter: each datagram is a preamble with a socket.
package final class HandoverPort: Sendable {
    /// Beside the socket at which the process listens for those of its own node.
    package static func path(beside socketPath: String) -> String { socketPath + ".in" }

    private let path: String
    private let door: Doorway
    private let tls: TLSContext
    private let reception: Reception
    private let refused: @Sendable (String) -> Void

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
        self.tls = tls
        self.refused = refused
        reception = Reception(
            lane: lane,
            greeting: greeting,
            faults: nil,
            accepted: accepted,
            refused: refused
        )
        let descriptor = manta_handover_listen(path)
        guard descriptor >= 0 else {
            throw ClusterError(
                .notConnected,
                "cannot take connections over at \(path): \(describe(error: -descriptor))",
                hint: "check that the folder exists and is writable, or choose a shorter one"
            )
        }
        door = Doorway(descriptor, at: path, on: lane)
    }

    package func start() {
        let owner = Doorway.Owner(
            next: { descriptor in
                withUnsafeTemporaryAllocation(byteCount: Preamble.byteCount, alignment: 8) { preamble in
                    var count = 0
                    // The port has read it: what it says is known here.
                    return manta_handover_receive(descriptor, preamble.baseAddress, preamble.count, &count)
                }
            },
            arrived: { [tls, reception, refused] socket in
                do throws(ClusterError) {
                    reception.receive(Socket(socket, tls: try tls.server(over: socket)))
                } catch {
                    _ = manta_close(socket)
                    refused(error.message)
                }
            },
            failed: { [path, refused] in refused("a handover to \(path) failed: \($0)") }
        )
        door.open(for: owner)
    }

    package func close() { door.close() }
}
