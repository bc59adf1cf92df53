internal import CMantaShims
internal import Glibc
package import MantaCore
import Synchronization

/// The one port of a node. Whoever connects says in a preamble whom it wants, and the socket is handed to that process,
/// which authenticates it; this one reads nothing else of it.
///
/// Only a bounded number of connections at a time may not have said it yet, each for a bounded time; past the bound the
/// one that has been silent longest has to go. So a flood of those that say nothing does not keep others out.
package final class Gate: Sendable {
    private static let limit = 256
    static let patience = Duration.seconds(5)

    /// Where it listens.
    package let address: NodeAddress
    private let door: Doorway
    private let lane: Lane
    /// Sends sockets to the processes of this node.
    let sender: Int32
    let socketPath: @Sendable (ProcessID) -> String
    /// The process that hosts the GCS, if that is here; its id is not known to who asks for the first time.
    private let head = Mutex<ProcessID?>(nil)
    private let objects: @Sendable (Int32) -> Void
    private let refused: @Sendable (String) -> Void
    /// In the order in which they came. Confined to the lane.
    nonisolated(unsafe) private var visitors: [GateVisitor] = []

    /// Listens; `start()` begins to accept.
    ///
    /// - Parameters:
    ///   - address: A host in numbers, of this machine. Port 0 takes a free one.
    ///   - lane: Serves it.
    ///   - socketPath: Where a process of this node listens.
    ///   - objects: Takes over a socket over which objects are to be sent.
    ///   - refused: Told why a connection was closed.
    /// - Throws: ``ClusterError`` with code `invalidArgument` when the address cannot be used.
    package init(
        at address: NodeAddress,
        lane: Lane,
        socketPath: @escaping @Sendable (ProcessID) -> String,
        objects: @escaping @Sendable (Int32) -> Void,
        refused: @escaping @Sendable (String) -> Void
    ) throws(ClusterError) {
        let socket = manta_tcp_listen(address.host, address.port, 1024)
        guard socket >= 0 else {
            throw ClusterError(
                .invalidArgument,
                "cannot listen at \(address): \(describe(error: -socket))",
                hint: socket == -EADDRINUSE
                    ? "another node or program has the port: stop it, or choose another with --port"
                    : "give --bind an address of this machine, in numbers"
            )
        }
        sender = manta_handover_socket()
        guard sender >= 0 else {
            _ = manta_close(socket)
            throw ClusterError(.overloaded, "no descriptor is left for the port \(address)")
        }
        let port = manta_socket_port(socket)
        door = Doorway(socket, on: lane)
        self.address = NodeAddress(host: address.host, port: UInt16(clamping: port))
        self.lane = lane
        self.socketPath = socketPath
        self.objects = objects
        self.refused = refused
    }

    package func start() {
        let owner = Doorway.Owner(
            // Kept by its lane until it is closed: its visitors need it.
            arrived: { self.receive($0) },
            failed: { [address, refused] in refused("a connection to \(address) cannot be taken: \($0)") }
        )
        door.open(for: owner)
    }

    package func close() {
        door.close { isOnLane in
            if isOnLane { for visitor in self.visitors { visitor.leave("the node stops") } }
            _ = manta_close(self.sender)
        }
    }

    private func receive(_ socket: Int32) {
        manta_tcp_settle(socket)
        if visitors.count >= Self.limit {
            visitors.first?.leave("too many connections to \(address) have not said whom they want")
        }
        let visitor = GateVisitor(socket, gate: self, lane: lane)
        visitors.append(visitor)
        visitor.start()
    }

    /// From now on the GCS is here, in this process, or is not.
    package func setHead(_ process: ProcessID?) { head.withLock { $0 = process } }

    // MARK: Visitors

    func left(_ visitor: GateVisitor, _ reason: String?) {
        visitors.removeAll { $0 === visitor }
        if let reason { refused(reason) }
    }

    /// Where a socket with this preamble goes; `nil` when objects are wanted.
    func target(of preamble: Preamble) -> ProcessID? {
        switch preamble.purpose {
        case .objects: nil
        case .link:
            preamble.process.rawValue == 0 ? head.withLock { $0 } ?? preamble.process : preamble.process
        }
    }

    func takeForObjects(_ socket: Int32) { objects(socket) }
}
