internal import Distributed
package import MantaCore
internal import MantaGCS
internal import MantaRuntime
internal import MantaTransport

// What the workers of a job are started from, and what becomes of them when the job ends.

extension Raylet {
    /// How long the GCS is asked again that cannot be reached.
    private static let patience = Duration.seconds(10)
    private static let pause = Duration.milliseconds(100)

    /// These processes have ended. Of drivers among them, what hosts nothing is ended here too.
    package distributed func processesEnded(_ processes: [ProcessID]) {
        for process in processes {
            carryOut(pools.ended(job: process))
            // One that never had a worker here.
            if !pools.jobs.contains(process) { close(process) }
            // One that was killed on this machine has left its sockets.
            actorSystem.options.removeSockets(of: process)
        }
    }

    /// The jobs that have workers or their program here, for one who has to ask whether they have ended.
    package distributed func presentJobs() -> Set<ProcessID> { pools.jobs.union(jobs.keys) }

    /// Keeps the job's program until the job has ended.
    func note(_ spec: JobSpec) {
        guard jobs[spec.id]?.spec == nil else { return }
        jobs[spec.id, default: Job()].spec = spec
        if let program = spec.program { programs.retain(program.id) }
    }

    /// Starts a worker, at once or when the job's program is here.
    func start(_ job: ProcessID, for actor: ActorID?) {
        if job == options.ownJob { return start(job, for: actor, nil) }
        jobs[job, default: Job()].starts.append(actor)
        guard jobs[job]?.isStarting == false else { return }
        jobs[job]?.isStarting = true
        // A task of its own, because the program may have to come from another node. It ends with what waits for it.
        _ = Task(executorPreference: actorSystem.control.tasks) {
            await CallContext.$current.withValue(nil) { await self.startWaiting(of: job) }
        }
    }

    /// Starts the workers of a job that wait for its program, in the order in which the pool asked for them.
    private func startWaiting(of job: ProcessID) async {
        while jobs[job]?.starts.isEmpty == false {
            do {
                let program = try await program(of: job)
                for actor in takeStarts(of: job) { start(job, for: actor, program) }
            } catch {
                // What the pool asks for instead would come to the same.
                while jobs[job]?.starts.isEmpty == false {
                    for _ in takeStarts(of: job) { startFailed(job, error) }
                }
            }
        }
        jobs[job]?.isStarting = false
    }

    private func takeStarts(of job: ProcessID) -> [ActorID?] {
        defer { jobs[job]?.starts = [] }
        return jobs[job]?.starts ?? []
    }

    /// - Returns: `nil` for the launcher's own.
    private func program(of job: ProcessID) async throws -> WorkerProgram? {
        let spec = try await spec(of: job)
        guard let program = spec.program else { return nil }
        return WorkerProgram(spec, at: try await path(of: program, for: spec))
    }

    private func spec(of job: ProcessID) async throws -> JobSpec {
        if let known = jobs[job]?.spec { return known }
        let record = try await record(of: job)
        note(record.spec)
        // It may have ended before anything of it was here, and then the feed tells nothing more.
        if record.hasEnded {
            carryOut(pools.ended(job: job))
            if !pools.jobs.contains(job) { close(job) }
        }
        return record.spec
    }

    private func record(of job: ProcessID) async throws -> JobRecord {
        let end = Lane.now + Self.patience
        while true {
            do {
                return try await gcs.job(job)
            } catch let error as ClusterError where error.code == .notConnected {
                guard Lane.now < end, !isStopping else { throw error }
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// Nothing of a job is left here.
    func close(_ job: ProcessID) {
        if let program = jobs.removeValue(forKey: job)?.spec?.program { programs.release(program.id) }
    }
}
