/// One incarnation of an actor.
package struct ActorKey: Hashable, Sendable, Codable, CustomStringConvertible {
    package var id: ActorID
    package var epoch: UInt32

    package init(_ id: ActorID, epoch: UInt32) {
        self.id = id
        self.epoch = epoch
    }

    package var description: String { "\(id), epoch \(epoch)" }
}

extension ActorSpec {
    package var key: ActorKey { ActorKey(id, epoch: epoch) }
}
