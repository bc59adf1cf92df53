internal import Distributed
package import MantaCore
internal import MantaRuntime
import MantaTransport

// Jobs, and the programs that workers are started from.

extension GCS {
    /// The job of whoever asks for an actor: of a driver its own, of a worker the one that it was started for. Any other
    /// process stands for the one of this process, if that is a driver.
    ///
    /// - Throws: `ownerDied` when the caller has no job, or none any more.
    func job(of request: SpawnRequest) throws(ClusterError) -> ProcessID {
        if drivers.contains(request.caller) { return request.caller }
        if let job = plane.directory.process(request.caller)?.job { return job }
        // A head that is a daemon has no job of its own.
        guard actorSystem.options.network != nil else { return actorSystem.process }
        throw ClusterError(
            .ownerDied,
            "the head takes the driver \(request.caller) for ended, and has ended its job",
            hint: "start the program again; a head waits some seconds for a driver whose links are lost",
            outcome: .notExecuted
        )
    }

    /// All jobs that are not forgotten, oldest first.
    package distributed func jobs() async throws -> [JobInfo] {
        let jobs = plane.directory.jobs()
        try await committed()
        return jobs
    }

    /// What the workers of a job are started from.
    ///
    /// - Throws: `ownerDied` when nothing can be built for the job any more.
    package distributed func job(_ id: ProcessID) async throws -> JobRecord {
        let record = plane.directory.job(id)
        try await committed()
        if let record, record.isKept { return record }
        throw ClusterError(
            .ownerDied,
            "the directory has no job of \(id): its driver and all of its actors have ended, or it never joined",
            outcome: .notExecuted
        )
    }

    // MARK: Programs

    /// A raylet has an executable that others may fetch there.
    package distributed func programStored(_ program: ProgramID, at source: ProgramSource) {
        guard plane.membership.isMember(source.node) else { return }
        step { $0.programs.stored(program, at: source) }
    }

    /// A node has an executable no more.
    package distributed func programDropped(_ program: ProgramID, on node: NodeID) {
        step { $0.programs.dropped(program, on: node) }
    }

    /// The raylets that have an executable, for all that is known; those on nodes that are suspect last.
    package distributed func programSources(of program: ProgramID) -> [ProgramSource] {
        let sources = plane.programs.sources(of: program)
        let suspects = sources.filter { plane.membership.isSuspect($0.node) }
        return sources.filter { !suspects.contains($0) } + suspects
    }

    /// How far the clock of the wall is ahead of ``Lane/now``, in seconds.
    static var clockOffset: Double {
        Double(Lane.wallClock) / 1e9 - Double(Lane.now.nanoseconds) / 1e9
    }
}
