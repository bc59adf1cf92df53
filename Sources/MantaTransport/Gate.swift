internal import CMantaShims
internal import Glibc
package import MantaCore
import Synchronization

/// The one port of a node. Whoever connects says in a preamble whom it wants, and the socket is handed to that process,
/// which authenticates it; this one reads nothing else of it.
///
/// Only a bounded number of connections at a time may not have said it yet, each for a bounded time; past the bound the
/// one that has been silent longest has to go. So a flood of those that say nothing does not keep others out.
package final class Gate: LaneSource, Sendable {
    private static let limit = 256
    static let patience = Duration.seconds(5)

    /// Where it listens.
    package let address: NodeAddress
    private let socket: Int32
    private let lane: Lane
    /// Sends sockets to the processes of this node.
    let sender: Int32
    let socketPath: @Sendable (ProcessID) -> String
    /// The process that hosts the GCS, if that is here; its id is not known to who asks for the first time.
    private let head = Mutex<ProcessID?>(nil)
    private let objects: @Sendable (Int32) -> Void
    private let refused: @Sendable (String) -> Void
    private let isClosed = Atomic<Bool>(false)
    /// Confined to the lane.
    nonisolated(unsafe) private var token: LaneToken?
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
        socket = manta_tcp_listen(address.host, address.port, 1024)
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
        self.address = NodeAddress(host: address.host, port: UInt16(clamping: port))
        self.lane = lane
        self.socketPath = socketPath
        self.objects = objects
        self.refused = refused
    }

    package func start() {
        lane.execute {
            guard !self.isClosed.load(ordering: .relaxed) else { return }
            self.token = self.lane.add(self, descriptor: self.socket, events: .readable)
        }
    }

    package func close() {
        guard isClosed.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else {
            return
        }
        let isServed = lane.execute {
            if let token = self.token { self.lane.remove(token, descriptor: self.socket) }
            self.token = nil
            for visitor in self.visitors { visitor.leave("the node stops") }
            self.closeDescriptors()
        }
        if !isServed { closeDescriptors() }
    }

    private func closeDescriptors() {
        _ = manta_close(socket)
        _ = manta_close(sender)
    }

    package func ready(_ events: LaneEvents) {
        for _ in 0..<64 {
            let connection = manta_accept(socket)
            guard connection >= 0 else {
                if connection == -EMFILE || connection == -ENFILE { pause() }
                return
            }
            manta_tcp_settle(connection)
            if visitors.count >= Self.limit {
                visitors.first?.leave("too many connections to \(address) have not said whom they want")
            }
            let visitor = GateVisitor(connection, gate: self, lane: lane)
            visitors.append(visitor)
            visitor.start()
        }
    }

    /// No descriptor is left. The event would come again at once and the lane do nothing else, so it looks again later.
    private func pause() {
        guard let token else { return }
        refused("no descriptor is left for a connection to \(address): raise the limit (ulimit -n)")
        lane.watch(socket, for: LaneEvents(rawValue: 0), token: token)
        lane.wake(self, at: Lane.now + .milliseconds(100))
    }

    package func timePassed(_ now: Moment) {
        if let token { lane.watch(socket, for: .readable, token: token) }
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
