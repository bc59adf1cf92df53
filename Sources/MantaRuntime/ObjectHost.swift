package import Distributed
package import MantaCore
package import MantaObjectStore
internal import MantaTransport

/// The part of every process that answers others about its objects and its references.
package distributed actor ObjectHost: ControlActor {
    package typealias ActorSystem = ClusterSystem

    private static let number: UInt64 = 5

    private let client: ObjectClient

    private init(client: ObjectClient, actorSystem: ClusterSystem) {
        self.client = client
        self.actorSystem = actorSystem
    }

    static func make(for client: ObjectClient, in system: ClusterSystem) {
        let id = ActorID.system(number, process: system.process)
        _ = ActorCreation(ObjectHost.self, id: id, epoch: 0, label: "object host").makeNow {
            ObjectHost(client: client, actorSystem: system)
        }
    }

    package static func at(_ process: ProcessID, using system: ClusterSystem) throws -> ObjectHost {
        try ObjectHost.resolve(id: id(in: process), using: system)
    }

    static func id(in process: ProcessID) -> ActorID { .system(number, process: process) }

    /// What another process has to tell of references: see `ReferenceTable`.
    package distributed func update(
        _ update: ReferenceTable.Update,
        from peer: ProcessID
    ) -> ReferenceTable.Answer {
        client.change { $0.received(update, from: peer) }
    }

    /// Where copies of an object of this process are, for a node that fetches one; `nil` when it is gone.
    package distributed func locate(_ id: ObjectID, for place: ObjectPlace) -> Location? {
        client.locate(id, for: place)
    }

    /// Where copies of an object are, the best to fetch from first.
    package struct Location: Sendable, Codable {
        package var byteCount: Int
        package var places: [ObjectPlace]
    }

    /// Becomes the owner of an object that lies in the store of a node of this process.
    package distributed func adopt(
        _ id: ObjectID,
        byteCount: Int,
        at home: ObjectPlace,
        contents: [UntypedRef]
    ) async throws -> UntypedRef {
        try await client.take(id)
        return UntypedRef(client.own(id, byteCount: byteCount, at: home, contents: contents.map(\.handle)))
    }

    /// How many refer to objects of this process.
    package distributed func counts(of ids: [ObjectID]) -> [ReferenceTable.Counts] {
        ids.map { client.counts(of: $0) }
    }
}
