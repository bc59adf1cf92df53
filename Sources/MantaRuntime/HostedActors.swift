package import MantaCore
package import MantaTransport
import Synchronization

/// The actors that live in this process.
package final class HostedActors: Sendable {
    private struct State {
        var actors: [ActorID: HostedActor] = [:]
        /// Lanes that belong to one actor each, until that actor is freed: even after it is killed, its code
        /// runs nowhere else.
        var ownLanes: [ActorID: Lane] = [:]
        var nextSerial: UInt64 = 1
    }

    private let state = Mutex(State())

    package func actor(_ id: ActorID) -> HostedActor? { state.withLock { $0.actors[id] } }
    package var all: [HostedActor] { state.withLock { Array($0.actors.values) } }
    package var count: Int { state.withLock { $0.actors.count } }

    package func insert(_ actor: HostedActor) { state.withLock { $0.actors[actor.id] = actor } }

    /// Takes an actor out, so that it cannot be called any more; its code may still be running.
    package func remove(_ id: ActorID) -> HostedActor? {
        state.withLock { $0.actors.removeValue(forKey: id) }
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

    package func ownLane(of id: ActorID) -> Lane? { state.withLock { $0.ownLanes[id] } }
    package func setOwnLane(_ lane: Lane, of id: ActorID) { state.withLock { $0.ownLanes[id] = lane } }
    package func removeOwnLane(of id: ActorID) -> Lane? {
        state.withLock { $0.ownLanes.removeValue(forKey: id) }
    }
    package var allOwnLanes: [Lane] { state.withLock { Array($0.ownLanes.values) } }
}
