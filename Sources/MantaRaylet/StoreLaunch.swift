internal import Distributed
package import MantaCore
package import MantaObjectStore
package import MantaRuntime
internal import MantaTransport

/// What a process is told of its node's store.
package struct StoreLaunch: Hashable, Sendable, Codable {
    package var address: ObjectStore.Address
    package var place: ObjectPlace
    /// Which `StoreKeeper` of that process it is.
    package var index: Int

    package init(address: ObjectStore.Address, place: ObjectPlace, index: Int) {
        self.address = address
        self.place = place
        self.index = index
    }

    /// Takes part in objects, in this store.
    @discardableResult
    package func begin(in system: ClusterSystem) throws -> ObjectClient {
        let store = try ObjectStore.open(address, as: system.process)
        let keeper = try StoreKeeper.at(place.process, index: index, using: system)
        return system.startObjects(in: store, keeper: KeeperHandle(keeper, place: place))
    }
}

/// The keeper of a store, for a process of its node.
package struct KeeperHandle: ObjectKeeper {
    private let keeper: StoreKeeper
    package let place: ObjectPlace

    package init(_ keeper: StoreKeeper, place: ObjectPlace) {
        self.keeper = keeper
        self.place = place
    }

    package func fetch(_ id: ObjectID, owner: ProcessID, for need: FetchNeed) async throws {
        try await keeper.fetch(id, owner: owner, for: need)
    }

    package func makeRoom(_ byteCount: Int) async throws { try await keeper.makeRoom(byteCount) }

    package func nudge(_ byteCount: Int) {
        // Nobody waits for it. It ends with its call, at the latest at the deadline of that.
        _ = Task.detached(executorPreference: keeper.actorSystem.control.tasks) { [keeper] in
            try? await keeper.nudge(byteCount)
        }
    }
}
