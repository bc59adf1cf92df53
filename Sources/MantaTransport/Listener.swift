internal import CMantaShims
internal import Glibc
package import MantaCore

/// Accepts connections at a Unix socket, and hands them on once they have been greeted.
///
/// Only processes of the same user get as far as the greeting, and only a bounded number at a time.
package final class Listener: Sendable {
    package let path: String

    private let door: Doorway
    private let reception: Reception
    private let refused: @Sendable (String) -> Void

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
        self.refused = refused
        reception = Reception(
            lane: lane,
            greeting: greeting,
            faults: faults,
            accepted: accepted,
            refused: refused
        )
        let socket = manta_unix_listen(path, 1024)
        guard socket >= 0 else {
            throw ClusterError(
                .notConnected,
                "cannot listen at \(path): \(describe(error: -socket))",
                hint: "check that the folder exists and is writable, or set TMPDIR to another, shorter one"
            )
        }
        door = Doorway(socket, at: path, on: lane)
    }

    package func start() {
        let owner = Doorway.Owner(
            arrived: { [path, reception, refused] socket in
                guard manta_peer_user(socket) == Int64(geteuid()) else {
                    _ = manta_close(socket)
                    return refused("a process of another user tried to connect to \(path)")
                }
                reception.receive(Socket(socket))
            },
            failed: { [path, refused] in refused("a connection to \(path) cannot be taken: \($0)") }
        )
        door.open(for: owner)
    }

    /// Stops listening and takes the socket's file away.
    package func close() { door.close() }
}
