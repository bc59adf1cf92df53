import MantaCore

/// A worker process: what it hosts and builds.
struct SimulatedWorker {
    /// The operating system's truth; its raylet learns of its end a little later.
    var isAlive = true
    var isReady = false
    /// The actor whose environment it was started with.
    let startedFor: ActorID?
    /// The job whose program it is.
    let job: ProcessID
    /// The initialisers that run, and whether they have been ended meanwhile.
    var creating: [ActorKey: Bool] = [:]
    var hosted: Set<ActorKey> = []
    var stopping: Set<ActorKey> = []
}
