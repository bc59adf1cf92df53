import MantaCore
import MantaGCS

/// Something inside a raylet, or that its workers tell it.
enum RayletEvent {
    /// It has its worker, and its task goes on.
    case assigned(ActorKey, ProcessID)
    /// What had waited for the end of a worker goes on.
    case goesOn(ActorKey)
    case workerReady(ProcessID)
    case workerExited(ProcessID, DeathCause)
    case workerStartTimeout(ProcessID)
    case created(ActorKey, ProcessID)
    case initFailed(ActorKey)
    /// The worker was lost while the call was under way.
    case creationLost(ActorKey, ProcessID, wasBegun: Bool)
    /// The worker has ended its instance, or is gone.
    case hostEnded(ActorKey)
    case hostStopped(ActorKey)
    /// The feed tells that a driver has ended.
    case jobEnded(ProcessID)
    case register
    /// A request that was not heard is sent again.
    case sendAgain(RayletRequest.Body)
}

/// What happens in a worker.
enum WorkerEvent {
    /// The program has reached its worker role.
    case starts
    case create(ActorKey)
    case initEnds(ActorKey, InitOutcome)
    case end(ActorKey)
    case stop(ActorKey, within: Duration)
    case stopEnds(ActorKey)
    case dies(DeathCause)
}

enum InitOutcome {
    case succeeds
    /// The process ends as soon as it has said so.
    case succeedsAndCrashes
    case throwsError
    case crashes
}
