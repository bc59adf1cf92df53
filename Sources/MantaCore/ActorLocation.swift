/// Where calls to an actor go.
package struct ActorLocation: Hashable, Sendable, Codable {
    package var process: ProcessID
    package var endpoint: Endpoint
    /// The lane of that process that hosts the actor.
    package var lane: UInt8
    /// The incarnation that lives there; 0 where there is only ever one.
    package var epoch: UInt32
    package var maxPendingCalls: Int

    package init(process: ProcessID, endpoint: Endpoint, lane: UInt8, epoch: UInt32, maxPendingCalls: Int) {
        self.process = process
        self.endpoint = endpoint
        self.lane = lane
        self.epoch = epoch
        self.maxPendingCalls = maxPendingCalls
    }
}

/// How a process is connected to.
package enum Endpoint: Hashable, Sendable, Codable {
    /// A Unix socket on this machine.
    case unix(path: String)
    /// A process of the node that answers at this address, which hands connections on to it.
    case node(NodeAddress)
}
