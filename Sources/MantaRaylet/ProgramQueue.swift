internal import Dispatch

/// Where programs are read, written and hashed: one thread at a time, which may wait for the disk as long as it takes.
final class ProgramQueue: TaskExecutor {
    private let queue = DispatchQueue(label: "manta-programs")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}
