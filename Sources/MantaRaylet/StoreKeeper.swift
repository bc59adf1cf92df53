package import Distributed
package import MantaCore
internal import MantaObjectStore
package import MantaRuntime

/// A node's store, for the processes that use it. What it does is done by `NodeStore`, on threads that may wait for a
/// disk or another node.
package distributed actor StoreKeeper: ControlActor {
    package typealias ActorSystem = ClusterSystem

    /// The first number of the well-known identities; a process that hosts several nodes counts on.
    private static let firstNumber: UInt64 = 1_000

    private let store: NodeStore

    private init(_ store: NodeStore, actorSystem: ClusterSystem) {
        self.store = store
        self.actorSystem = actorSystem
    }

    static func make(for store: NodeStore, index: Int, in system: ClusterSystem) -> StoreKeeper {
        let id = ActorID.system(firstNumber + UInt64(index), process: system.process)
        return ActorCreation(StoreKeeper.self, id: id, epoch: 0, label: "store keeper").makeNow {
            StoreKeeper(store, actorSystem: system)
        }
    }

    package static func at(_ process: ProcessID, index: Int, using system: ClusterSystem) throws
        -> StoreKeeper
    {
        try StoreKeeper.resolve(id: .system(firstNumber + UInt64(index), process: process), using: system)
    }

    /// What a process has to know that wants to use the store.
    package distributed func launch() -> StoreLaunch { store.launch }

    /// Brings an object into the store.
    package distributed func fetch(_ id: ObjectID, owner: ProcessID, for need: FetchNeed) async throws {
        try await store.fetch(id, owner: owner, for: need)
    }

    /// Frees memory for this many bytes, or returns after a moment when nothing can be freed now.
    package distributed func makeRoom(_ byteCount: Int) async throws { try await store.makeRoom(byteCount) }

    /// Somebody saw that the store gets full, or that it has little memory at hand.
    package distributed func nudge(_ byteCount: Int) { store.tidyUp(byteCount) }
}
