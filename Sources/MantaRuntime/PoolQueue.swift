internal import Dispatch

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
