internal import Distributed
package import MantaCore
internal import MantaRuntime
internal import MantaScheduling
import MantaTransport

// What drivers and workers ask.

extension GCS {
    /// Creates an actor on a node that has what it asks for.
    ///
    /// - Throws: ``ClusterError``: `nameTaken`, `infeasible`, `placementTimedOut`, or what went wrong on the
    ///   node.
    package distributed func spawn(_ request: SpawnRequest) async throws -> SpawnOutcome {
        let job = try job(of: request)
        let isRepeated = plane.directory.actor(ofRequest: request.number).map { !$0.wasGivenUp } ?? false
        let id = try await accept { plane throws(ClusterError) in
            try plane.spawn(request, job: job, now: Lane.now)
        }
        switch isRepeated ? try await settledBefore(id) : await settled(id, isOwn: true) {
        case .created(let location): return .created(id, location)
        case .initFailed(let failure): return .initFailed(failure)
        case .failed(let error): throw error
        case .cancelled: throw CancellationError()
        }
    }

    /// Nobody waits any more for a spawn that may end well, or has: its actor, to which nobody has a reference, is killed.
    package distributed func giveUp(_ request: UInt64) async throws {
        guard let record = plane.directory.actor(ofRequest: request), record.deathCause == nil else { return }
        try await stepDurably { _ = try? $0.kill(record.id, restart: false, now: Lane.now) }
    }

    /// How a spawn ended, or ends, of which the caller did not hear: it asks again.
    private func settledBefore(_ id: ActorID) async throws -> SpawnEnd {
        while let record = plane.directory.actor(id) {
            switch record.state {
            case .pending: return await settled(id, isOwn: true)
            case .alive:
                try await committed()
                if let location = record.location { return .created(location) }
            case .dead(let cause):
                try await committed()
                return .failed(ClusterError(.actorDied(cause), "\(id) is dead: \(cause)", outcome: .executed))
            case .restarting: break
            }
            await wait(for: .change(id))
            try checkWaiting()
        }
        return .failed(unknown(id))
    }

    /// The actor of a name, created if there is none; of callers at the same time, one creates it.
    package distributed func getOrSpawn(_ request: SpawnRequest) async throws -> FoundOrFailed {
        let job = try job(of: request)
        while true {
            let step = try await accept { plane throws(ClusterError) in
                try plane.getOrSpawn(request, job: job, now: Lane.now)
            }
            let end: SpawnEnd
            switch step {
            case .spawned(let id): end = await settled(id, isOwn: true)
            case .found(let id):
                guard case .pending = plane.directory.fate(of: id) else { return .found(try await found(id)) }
                end = await settled(id, isOwn: false)
            }
            switch end {
            case .created:
                // It may have died since, and another taken its name.
                if let name = request.options.qualifiedName, let holder = plane.directory.find(name) {
                    return .found(try await found(holder.id))
                }
            case .initFailed(let failure): return .initFailed(failure)
            case .failed(let error): throw error
            // Whoever asked first has given up: this caller has not.
            case .cancelled: break
            }
            try checkWaiting()
        }
    }

    /// The actor that has the name, once it is there.
    package distributed func find(_ name: QualifiedName) async throws -> FoundActor {
        while let holder = plane.directory.find(name) {
            guard case .pending = holder.state else { return try await found(holder.id) }
            await wait(for: .change(holder.id))
            try checkWaiting()
        }
        try await committed()
        throw ClusterError(
            .noSuchActor,
            "no actor has the name \(name)",
            hint: "spawn one with this name in its options, or use getOrSpawn; names end with their actors",
            outcome: .notExecuted
        )
    }

    private func found(_ id: ActorID) async throws -> FoundActor {
        guard let record = plane.directory.actor(id) else {
            throw ClusterError(.noSuchActor, "the directory has forgotten \(id)", outcome: .notExecuted)
        }
        let found = FoundActor(
            id: id,
            mangledTypeName: record.spec.mangledTypeName,
            typeName: record.spec.typeName,
            location: record.location,
            cursor: plane.feed.cursor
        )
        try await committed()
        return found
    }

    // MARK: Ends

    /// Which incarnation of an actor there is, or comes next: for ``kill(_:restart:epoch:)``.
    package distributed func epoch(of id: ActorID) async throws -> UInt32 {
        guard case .spawned = id.kind, let record = plane.directory.actor(id) else { throw unknown(id) }
        let epoch = record.key.epoch
        try await committed()
        return epoch
    }

    /// Ends an actor at once, and returns when its incarnation is gone. One that is dead already stays so. Of an actor that
    /// may come back, `epoch` says which incarnation is meant, so that it can be asked again.
    package distributed func kill(_ id: ActorID, restart: Bool, epoch: UInt32?) async throws {
        let gone = try await accept { plane throws(ClusterError) in
            try plane.kill(id, restart: restart, epoch: epoch, now: Lane.now)
        }
        if let gone { await waitForRelease(of: gone) }
        try await committed()
    }

    /// Has an actor end in order, and returns when it is dead.
    package distributed func stop(_ id: ActorID, within limit: Duration) async throws {
        var isDead = try await accept { plane throws(ClusterError) in
            try plane.stop(id, .stopped, within: limit, now: Lane.now)
        }
        while !isDead {
            await wait(for: .change(id))
            try checkWaiting()
            if case .dead = plane.directory.fate(of: id) { isDead = true }
        }
        try await committed()
    }

    // MARK: Questions

    /// Where an actor is. While it is pending or restarting, the answer waits for a change, but not for long: the
    /// caller asks again, and can tell what it waits for when its time is up.
    package distributed func fate(of id: ActorID) async throws -> ActorFate {
        switch plane.directory.fate(of: id) {
        case .pending, .restarting:
            await wait(for: .change(id), atMost: Self.fatePatience)
            // Else one who asks again would ask for ever, once nobody waits any more.
            try checkWaiting()
        case .alive, .dead, .unknown: break
        }
        return try await durableFate(of: id)
    }

    /// What the directory knows, once that is durable.
    private func durableFate(of id: ActorID) async throws -> ActorFate {
        let fate = plane.directory.fate(of: id)
        try await committed()
        return fate
    }

    /// The same for a caller whose link to `process` broke: the raylet may learn of that a moment later.
    package distributed func fate(of id: ActorID, afterLosing process: ProcessID) async throws -> ActorFate {
        if plane.directory.process(process)?.deathCause == nil {
            await wait(for: .end(process), atMost: Self.lossPatience)
        }
        return try await durableFate(of: id)
    }

    /// The next lifecycle events of an actor, once there are any; none after a while without.
    ///
    /// - Throws: `noSuchActor`.
    package distributed func lifecycle(of id: ActorID, after seenCount: Int?) async throws -> LifecycleNews {
        let news = try await lifecycleNews(of: id, after: seenCount)
        try await committed()
        return news
    }

    private func lifecycleNews(of id: ActorID, after seenCount: Int?) async throws -> LifecycleNews {
        guard case .spawned = id.kind else { return try await processLifecycle(of: id, after: seenCount) }
        var isLate = false
        while true {
            guard let record = plane.directory.actor(id) else { throw unknown(id) }
            let news = record.lifecycle.news(after: seenCount)
            guard news.events.isEmpty, !isLate else { return news }
            await wait(for: .change(id), atMost: Self.longestPoll)
            try checkWaiting()
            isLate = true
        }
    }

    /// An actor that a process created for itself lives as long as the process, for all that the directory knows.
    private func processLifecycle(of id: ActorID, after seenCount: Int?) async throws -> LifecycleNews {
        let process = if case .local(let process) = id.kind { process } else { ProcessID(id.scope) }
        switch (plane.directory.fate(of: id), seenCount) {
        case (.dead(let cause), _): return LifecycleNews(events: [.terminated(cause)], seenCount: 2)
        case (.alive, nil): return LifecycleNews(events: [.alive(epoch: 0)], seenCount: 1)
        case (.alive, .some):
            await wait(for: .end(process), atMost: Self.longestPoll)
            try checkWaiting()
            guard case .dead(let cause) = plane.directory.fate(of: id) else {
                return LifecycleNews(events: [], seenCount: 1)
            }
            return LifecycleNews(events: [.terminated(cause)], seenCount: 2)
        default: throw unknown(id)
        }
    }

    private func unknown(_ id: ActorID) -> ClusterError {
        ClusterError(.noSuchActor, "the directory has no \(id)")
    }

    /// What all processes are told, from `cursor` on, once there is any; none after a while without.
    package distributed func news(after cursor: UInt64?) async throws -> Feed.News {
        var news = plane.feed.news(after: cursor)
        if cursor != nil, news.events.isEmpty, !news.hasGap {
            await wait(for: .news, atMost: Self.longestPoll)
            try checkWaiting()
            news = plane.feed.news(after: cursor)
        }
        try await committed()
        return news
    }

    package distributed func actors() async throws -> [ActorInfo] {
        let actors = plane.directory.actors()
        try await committed()
        return actors
    }

    /// What all nodes offer, and what of it is free.
    package distributed func resources() -> ResourceTotals {
        let (total, available) = plane.scheduler.totals
        return ResourceTotals(total: total, available: available)
    }
}
