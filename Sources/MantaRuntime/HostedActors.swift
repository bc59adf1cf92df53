package import MantaCore
package import MantaTransport
import Synchronization

/// The actors that live in this process.
package final class HostedActors: Sendable {
    private struct State {
        var actors: [ActorID: HostedActor] = [:]
        /// Lanes that belong to one actor each, until that actor is freed: even after it is killed, its code
        /// runs nowhere else. Counted, because its next incarnation may come to the same process before that.
        var ownLanes: [ActorID: (lane: Lane, userCount: Int)] = [:]
        var nextSerial: UInt64 = 1
    }

    private let state = Mutex(State())

    package func actor(_ id: ActorID) -> HostedActor? { state.withLock { $0.actors[id] } }
    package var all: [HostedActor] { state.withLock { Array($0.actors.values) } }
    package var count: Int { state.withLock { $0.actors.count } }

    /// Enters an actor that can be called from now on; not one that was ended while it was being created, whose next incarnation
    /// may be here already. Whoever ends it has that noted before it looks for it here.
    package func insert(_ actor: HostedActor, of creation: ActorCreation? = nil) {
        state.withLock { state in
            if creation?.isAbandoned != true { state.actors[actor.id] = actor }
        }
    }

    /// Takes an actor out, so that it cannot be called any more; its code may still be running.
    package func remove(_ id: ActorID) -> HostedActor? {
        state.withLock { $0.actors.removeValue(forKey: id) }
    }

    /// Takes an actor out that the program has created for itself and let go.
    ///
    /// One that the cluster has created is taken out when it ends; when it is freed, which may be long after,
    /// its next incarnation may be here.
    func removeFreed(_ id: ActorID) {
        state.withLock { state in
            guard state.actors[id]?.actor == nil else { return }
            state.actors[id] = nil
        }
    }

    package func nextSerial() -> UInt64 {
        state.withLock { state in
            defer { state.nextSerial += 1 }
            return state.nextSerial
        }
    }

    package var ownLaneCount: Int { state.withLock { $0.ownLanes.count } }

    /// Lets go of all actors: the system has stopped.
    package func removeAll() {
        let actors = state.withLock { state in
            defer { state.actors = [:] }
            return state.actors
        }
        // Freed after the lock is: their deinitialisers come back here. Left to the optimizer, they are freed
        // before.
        withExtendedLifetime(actors) {}
    }

    package func ownLane(of id: ActorID) -> Lane? { state.withLock { $0.ownLanes[id]?.lane } }

    /// Gives an incarnation that is about to be created the lane of its actor, made by `make` if there is none.
    package func useOwnLane(of id: ActorID, _ make: () -> Lane) {
        state.withLock { state in
            var entry = state.ownLanes[id] ?? (make(), 0)
            entry.userCount += 1
            state.ownLanes[id] = entry
        }
    }

    /// An incarnation is freed, or was never there. The last one's lane is for the caller to stop.
    package func leaveOwnLane(of id: ActorID) -> Lane? {
        state.withLock { state in
            guard var entry = state.ownLanes[id] else { return nil }
            entry.userCount -= 1
            state.ownLanes[id] = entry.userCount > 0 ? entry : nil
            return entry.userCount > 0 ? nil : entry.lane
        }
    }

    package var allOwnLanes: [Lane] { state.withLock { $0.ownLanes.values.map(\.lane) } }
}
