internal import Logging
package import MantaCore
package import MantaTransport
import Synchronization

/// The links of this process: who connects to it, and who is told when they close.
extension ClusterSystem {
    /// Accepts links from other processes of the cluster.
    package func listen() throws(ClusterError) {
        let path = options.socketPath(of: process)
        let greeting = greeting(to: ProcessID(0), lane: 0)
        let accepted: @Sendable (GreetedSocket) -> Void = { [weak self] socket in
            self?.accept(socket) ?? socket.discard()
        }
        let log = RefusalLog(logger)
        let refused: @Sendable (String) -> Void = { log.refused($0, "link") }
        let listener = try Listener(
            path: path,
            lane: control,
            greeting: greeting,
            faults: options.faults,
            accepted: accepted,
            refused: refused
        )
        listener.start()
        self.listener.withLock { $0 = listener }
        if let network = options.network {
            let port = try HandoverPort(
                path: HandoverPort.path(beside: path),
                lane: control,
                tls: network.tls,
                greeting: greeting,
                accepted: accepted,
                refused: refused
            )
            port.start()
            handoverPort.withLock { $0 = port }
        }
        // Cut off meanwhile, by one who found nothing to close.
        if isCutOff { stopListening() }
    }

    func stopListening() {
        listener.withLock { $0.take() }?.close()
        handoverPort.withLock { $0.take() }?.close()
    }

    private func accept(_ socket: GreetedSocket) {
        let lane = lane(at: socket.peer.lane)
        let isServed = lane.execute {
            let connection = Connection(socket, system: self, lane: lane)
            self.peers.accepted(connection)
        }
        if !isServed { socket.discard() }
    }

    /// Keeps `end` until all has come that `process` has sent until now.
    func catchUp(with process: ProcessID, until end: AtEnd) {
        for connection in peers.all where connection.peer == process { connection.catchUp(until: end) }
    }

    func lane(at index: UInt8) -> Lane {
        index == Greeting.controlLane ? control : lanes[Int(index) % lanes.count]
    }

    package func greeting(to target: ProcessID, lane: UInt8) -> Greeting {
        Greeting(lane: lane, cluster: options.cluster, process: process, target: target, buildID: buildID)
    }

    /// Uses a connection that exists already, such as a worker's control socket, for the control lane of its
    /// peer.
    package func adopt(_ connection: Connection) { peers.adopt(connection, lane: Greeting.controlLane) }

    /// Those to which there is a link.
    package var linkedProcesses: Set<ProcessID> { Set(peers.all.map(\.peer)) }

    /// Closes all links with `process`.
    package func closeLinks(to process: ProcessID, _ reason: String) {
        for connection in peers.all where connection.peer == process { connection.close(reason) }
    }

    /// Closes all links with other processes that are among `lost`.
    package func closeLinks(to lost: [ProcessID], _ reason: String) {
        let lost = Set(lost).subtracting([process])
        guard !lost.isEmpty else { return }
        for connection in peers.all where lost.contains(connection.peer) { connection.close(reason) }
    }

    func closed(_ connection: Connection, _ failure: LinkFailure) {
        peers.removed(connection)
        routes.withLock { $0.dropAll { $0.connection === connection } }
        logger.debug("link closed", metadata: ["peer": "\(connection.peer)", "reason": "\(failure)"])
        onClosed.withLock { $0[ObjectIdentifier(connection)] }?(failure)
        onClosed.withLock { $0[ObjectIdentifier(connection)] = nil }
        if connection.lane === control { watches.withLock { $0[connection.peer] }?.lost(failure) }
    }

    /// Calls `action` on the connection's lane when its link closes.
    package func whenClosed(_ connection: Connection, _ action: @escaping @Sendable (LinkFailure) -> Void) {
        onClosed.withLock { $0[ObjectIdentifier(connection)] = action }
    }
}
