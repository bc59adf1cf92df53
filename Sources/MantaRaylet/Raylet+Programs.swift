internal import Distributed
package import MantaCore
internal import MantaGCS
internal import MantaObjectStore
package import MantaRuntime
internal import MantaTransport

// Programs of jobs, on their way from the driver to the nodes.

extension Raylet {
    /// How many bytes of a program are in an object at a time, if the store is large enough.
    private static let partByteCount = 8 << 20

    /// Keeps the program of a driver of this machine, so that it is there after the driver's end.
    ///
    /// - Throws: ``ClusterError`` when there is no room for it.
    package distributed func prepare(_ job: JobSpec) async throws {
        note(job)
        if let program = job.program { _ = try await path(of: program, for: job) }
    }

    /// Where the program is on this node, fetched if need be.
    func path(of program: JobSpec.Program, for job: JobSpec) async throws -> String {
        let obtained: ProgramCache.Obtained
        do {
            obtained = try await programs.obtain(program) { try await self.origins(of: program, for: job) }
        } catch let error as ClusterError {
            throw ClusterError(
                error.code,
                "workers of the job of \(job.id) cannot start on \(options.node): \(error.message)",
                hint: error.hint,
                outcome: .notExecuted
            )
        }
        let source = ProgramSource(node: options.node, raylet: id)
        // What is not heard is said again when the node registers after the loss of its link.
        for dropped in obtained.dropped { try? await gcs.programDropped(dropped, on: options.node) }
        if obtained.isNew || obtained.path == ProgramDigest.ownPath {
            try? await gcs.programStored(program.id, at: source)
        }
        return obtained.path
    }

    private func origins(of program: JobSpec.Program, for job: JobSpec) async throws -> [any ProgramOrigin] {
        var origins: [any ProgramOrigin] = []
        if job.machine == .current { origins.append(RunningProgram(process: job.driverProcessID)) }
        var sources = try await sources(of: program)
        // After a restart of the head raylets say anew what they have, when they come back.
        let end = Lane.now + Self.sourcePatience
        while sources.isEmpty, origins.isEmpty, Lane.now < end, !isStopping {
            try await Task.sleep(for: Self.sourcePause)
            sources = try await self.sources(of: program)
        }
        // Many nodes may look for it at once.
        origins += sources.shuffled().map { source in
            RemoteProgram(source: source, gcs: gcs, system: actorSystem, partByteCount: partByteCount)
        }
        return origins + [ProgramFile(path: job.executable)]
    }

    private static let sourcePatience = Duration.seconds(10)
    private static let sourcePause = Duration.milliseconds(100)

    /// Other nodes that have a program, for all that the directory knows.
    private func sources(of program: JobSpec.Program) async throws -> [ProgramSource] {
        let sources = (try? await gcs.programSources(of: program.id)) ?? []
        return sources.filter { $0.node != options.node }
    }

    /// Never more than a small part of what the store holds.
    private var partByteCount: Int {
        max(1 << 16, min(Self.partByteCount, options.store.store.address.capacity / 16))
    }

    /// A part of a program as an object of this node, for another node.
    ///
    /// - Throws: ``ClusterError``: `objectLost` when the program is not here, `storeFull`.
    package distributed func programPart(
        _ program: ProgramID,
        at offset: Int,
        atMost byteCount: Int
    ) async throws -> ObjectRef<[UInt8]> {
        guard let objects = actorSystem.objects else { throw actorSystem.notConnected() }
        let (programs, byteCount) = (programs, min(byteCount, partByteCount))
        return try await withTaskExecutorPreference(programs.queue) {
            try await programs.publish(program, at: offset, atMost: byteCount, in: objects)
        }
    }
}

extension ProgramCache {
    /// Reads and copies on the queue, because neither is for a lane.
    fileprivate func publish(
        _ program: ProgramID,
        at offset: Int,
        atMost byteCount: Int,
        in objects: ObjectClient
    ) async throws -> ObjectRef<[UInt8]> {
        try await objects.put(part(of: program, at: offset, atMost: byteCount), owner: .process)
    }
}
