/// The task executor of a lane: tasks that prefer it run on the lane's thread, also where no actor isolates
/// them.
///
/// Apart from the lane, which is the serial executor of its actors. Were both one, the runtime would run code
/// that no actor isolates as if the lane's actors did, and put it in the queue again at every call: ten times
/// for a call instead of once.
package final class LaneTasks: TaskExecutor, Sendable {
    /// Set once, before the lane's thread starts. Whoever prefers these tasks keeps the lane: the system its
    /// lanes, an actor's call the actor's place.
    nonisolated(unsafe) private unowned(unsafe) var lane: Lane?

    init() {}

    func serve(_ lane: Lane) { self.lane = lane }

    package func enqueue(_ job: consuming ExecutorJob) {
        lane.unsafelyUnwrapped.enqueue(LaneJob(UnownedJob(job), isIsolated: false))
    }

    package func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
}

/// A job, and whether it is one of the lane's actors.
struct LaneJob {
    var job: UnownedJob
    var isIsolated: Bool

    init(_ job: UnownedJob, isIsolated: Bool) {
        self.job = job
        self.isIsolated = isIsolated
    }
}
