internal import Dispatch
package import Distributed
package import MantaCore
import MantaTransport

/// An actor that lives in this process, and where its code runs.
package final class HostedActor: Sendable {
    package let id: ActorID
    package let epoch: UInt32
    /// For people: `Counter "hits"`.
    package let label: String
    let place: Place
    /// What the cluster spawned lives until the cluster ends it; what the program created lives as long as
    /// the program wants.
    private let strong: (any DistributedActor)?
    private weak let weak: (any DistributedActor)?

    /// Where an actor's code runs.
    enum Place: Sendable {
        case lane(Lane)
        /// The default executor, which has no order of its own: calls enter it through a queue.
        case pool(PoolQueue)
    }

    init(
        _ actor: any DistributedActor,
        id: ActorID,
        epoch: UInt32,
        label: String,
        place: Place,
        isOwned: Bool
    ) {
        self.id = id
        self.epoch = epoch
        self.label = label
        self.place = place
        strong = isOwned ? actor : nil
        weak = isOwned ? nil : actor
    }

    package var actor: (any DistributedActor)? { strong ?? weak }
}

/// Starts the calls of an actor on the default executor, in the order in which they came.
///
/// A task of its own for each call would reorder them. A lane in this place would end up running tasks that
/// have nothing to do with it: a default actor continues foreign tasks on whatever thread it drains on.
final class PoolQueue: TaskExecutor {
    private let queue = DispatchQueue(label: "manta.pool")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}
