package import Distributed
package import MantaCore
import Synchronization

/// The identity that an actor being created is to have, handed through its initialiser to `assignID`.
///
/// The first actor of the type that the task creates gets it. An actor that the initialiser creates for
/// itself before it calls `assignID` cannot exist: that is the first thing an initialiser does.
package final class ActorCreation: Sendable {
    let id: ActorID
    let epoch: UInt32
    let label: String
    let concurrency: Concurrency
    /// Where the names that it uses count; `nil` is that of the process.
    let namespace: String?
    private let type: ObjectIdentifier
    private let taken = Atomic<Bool>(false)
    private let abandoned = Atomic<Bool>(false)

    @TaskLocal static var current: ActorCreation?

    package init<Act: DistributedActor>(
        _ type: Act.Type,
        id: ActorID,
        epoch: UInt32,
        label: String,
        concurrency: Concurrency = .reentrant,
        namespace: String? = nil
    ) {
        self.type = ObjectIdentifier(type)
        self.id = id
        self.epoch = epoch
        self.label = label
        self.concurrency = concurrency
        self.namespace = namespace
    }

    func take<Act: DistributedActor>(for type: Act.Type) -> Bool {
        ObjectIdentifier(type) == self.type
            && taken.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged
    }

    /// Whether an actor has the identity, which it gives up itself when it is freed.
    package var isTaken: Bool { taken.load(ordering: .relaxed) }

    /// The actor is not to be hosted when it is ready.
    package func abandon() { abandoned.store(true, ordering: .relaxed) }
    package var isAbandoned: Bool { abandoned.load(ordering: .relaxed) }

    /// Creates an actor with this identity.
    package nonisolated(nonsending) func make<Act>(_ body: () async throws -> Act) async rethrows -> Act {
        try await Self.$current.withValue(self, operation: body)
    }

    package func makeNow<Act>(_ body: () throws -> Act) rethrows -> Act {
        try Self.$current.withValue(self, operation: body)
    }
}

/// A part of the control plane: a distributed actor on the control lane, with an identity that every process
/// knows.
package protocol ControlActor: DistributedActor where ActorSystem == ClusterSystem {}

extension ControlActor {
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        actorSystem.control.asUnownedSerialExecutor()
    }
}
