internal import MantaCore
internal import MantaGCS
internal import MantaRaylet
internal import MantaRuntime
internal import MantaTransport
import Synchronization

/// What a driver or worker asks the GCS, and what it remembers of the answers.
final class ClusterClient: Sendable {
    let gcs: GCS
    let system: ClusterSystem
    let names = NameCache()
    private let follower = Mutex<Task<Void, Never>?>(nil)
    private let holders = Mutex(Holders())

    /// Each keeps the arguments of a spawn for as long as the actor lives. One actor may have several: `getOrSpawn` may find
    /// one that this process has spawned.
    private struct Holders {
        var lastNumber: UInt64 = 0
        var tasks: [UInt64: Task<Void, Never>] = [:]
    }

    init(gcs: GCS, system: ClusterSystem) {
        self.gcs = gcs
        self.system = system
    }

    /// Runs a call to the control plane on its lane, within the deadline of calls: in a driver that hosts the
    /// control plane such a call stays in the process, where nothing else bounds it.
    ///
    /// While the head cannot be reached it is asked again: see ``GCSPatience``.
    func bounded<R: Sendable>(
        _ what: @autoclosure () -> String,
        _ body: @escaping @Sendable (GCS) async throws -> R
    ) async throws -> R {
        let patience = GCSPatience(system)
        do {
            return try await withDeadline(CallContext.deadline(from: Lane.now)) { [self] in
                try await withTaskExecutorPreference(system.control.tasks) {
                    try await patience.ask { try await body(gcs) }
                }
            }
        } catch is DeadlinePassed {
            throw ClusterError(
                .timedOut,
                "the \(what()) did not end by its deadline\(patience.reason)",
                hint: "withCallOptions(timeout:) gives it more time"
            )
        }
    }

    /// The caller of a spawn does not wait for it any more. The head may be carrying it out nevertheless, or have done so: it kills
    /// the actor as soon as it can be told.
    func giveUp(_ request: SpawnRequest, for error: any Error) {
        switch (error as? ClusterError)?.code {
        case nil where error is CancellationError, .timedOut, .notConnected: break
        default: return
        }
        // Unstructured, because nobody waits for it. It ends when the head has heard, or with this part of the cluster.
        _ = Task.detached(executorPreference: system.control.tasks) { [gcs, system] in
            try? await withCallOptions(timeout: .seconds(60)) {
                try await GCSPatience(system).ask { try await gcs.giveUp(request.number) }
            }
        }
    }

    // MARK: Arguments of actors

    /// Keeps what the encoded arguments of an actor need, references to objects, until the actor is dead: a restart reads
    /// them again.
    func hold(_ held: [any AnyObject & Sendable], for actor: ActorID) {
        guard !held.isEmpty else { return }
        holders.withLock { holders in
            holders.lastNumber += 1
            let number = holders.lastNumber
            // Unstructured: it lasts as long as the actor, or this part of the cluster. Noted before it can end.
            holders.tasks[number] = Task.detached(executorPreference: system.control.tasks) { [self] in
                for await _ in system.lifecycle(of: actor) {}
                withExtendedLifetime(held) {}
                self.holders.withLock { $0.tasks[number] = nil }
            }
        }
    }

    // MARK: The feed

    /// Begins to follow what all processes are told, for the raylets of this process too. A task of its own, which belongs
    /// to the process; `stop()` ends it.
    func follow(for raylets: [Raylet] = []) {
        let task = Task.detached(executorPreference: system.control.tasks) { [self] in
            var cursor: UInt64?
            while !Task.isCancelled {
                do {
                    let news = try await gcs.news(after: cursor)
                    if cursor == nil || news.hasGap { try await catchUp(raylets) }
                    cursor = news.cursor
                    await apply(news, raylets)
                } catch {
                    // What was missed may be all that is remembered.
                    names.disconnected()
                    cursor = nil
                    try? await Task.sleep(for: .milliseconds(500))
                }
            }
        }
        follower.withLock { $0 = task }
    }

    func stop() {
        follower.withLock { $0.take() }?.cancel()
        for task in holders.withLock({ $0.tasks.values }) { task.cancel() }
    }

    private func apply(_ news: Feed.News, _ raylets: [Raylet]) async {
        var ended: [ProcessID] = []
        var lost: [ProcessID] = []
        for event in news.events {
            switch event {
            case .nameFreed: break
            case .processEnded(let process): ended.append(process)
            case .processesLost(let processes): lost += processes
            }
        }
        ended += lost
        // First this, so that a link which is being made is not taken when it is there.
        system.ended(ended)
        system.closeLinks(to: lost, "its node was declared dead")
        names.apply(news)
        if !ended.isEmpty { await tell(raylets, of: ended) }
    }

    private func tell(_ raylets: [Raylet], of ended: [ProcessID]) async {
        for raylet in raylets { try? await raylet.processesEnded(ended) }
    }

    /// Asks for those who have ended while nobody could tell.
    private func catchUp(_ raylets: [Raylet]) async throws {
        for raylet in raylets {
            let jobs = try await raylet.presentJobs()
            if !jobs.isEmpty { await tell([raylet], of: try await gcs.ended(among: jobs)) }
        }
        system.forgetLearned()
        let peers = await system.peersToAskFor()
        guard !peers.isEmpty else { return }
        let ended = try await gcs.ended(among: peers)
        system.ended(ended)
        system.closeLinks(to: ended, "it was declared dead")
    }
}
