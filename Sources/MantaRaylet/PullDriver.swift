internal import MantaCore
internal import MantaObjectStore
internal import MantaObjectTransfer
internal import MantaRuntime
import MantaTransport
import Synchronization

/// Pulls objects from other nodes: carries out what `PullQueue` decides.
final class PullDriver: Sendable {
    /// Gives the memory for an object that comes; `nil` when it is not wanted, which it may ask while it waits.
    typealias Place = @Sendable (ObjectHead, _ isWanted: () -> Bool) throws(ClusterError) -> Reservation?

    typealias Priority = PullQueue<UInt64, ObjectPlace>.Priority

    private let control: Lane
    private let fetcher: BulkFetcher
    private let store: ObjectStore
    private let isGone: @Sendable (ObjectID, _ owner: ProcessID) -> Bool
    private let state: Mutex<State>

    private struct State {
        var queue: PullQueue<UInt64, ObjectPlace>
        var lastWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var incoming: [ObjectID: Incoming] = [:]

        mutating func dropUnwanted(_ id: ObjectID) { if !queue.contains(id) { incoming[id] = nil } }

        /// Notes what is to be started, and what is not wanted any more, in the step that decides it: a moment later another
        /// transfer may run, for who has come since.
        ///
        /// - Returns: The transfers to end.
        mutating func note(_ actions: [PullQueue<UInt64, ObjectPlace>.Action]) -> [Task<Void, Never>] {
            actions.compactMap { action in
                switch action {
                case .start(let id, _):
                    incoming[id]?.isCancelled = false
                    incoming[id]?.task = nil
                    return nil
                case .cancel(let id):
                    incoming[id]?.isCancelled = true
                    return incoming[id]?.task
                case .succeed, .fail, .refuse: return nil
                }
            }
        }
    }

    private struct Incoming {
        var object: IncomingObject<Reservation>
        let owner: ProcessID
        /// The transfer that runs. Kept to be cancelled.
        var task: Task<Void, Never>?
        /// Nobody waits for it any more.
        var isCancelled = false
    }

    /// - Parameters:
    ///   - store: Where objects come to.
    ///   - quota: How many bytes may be on their way at a time.
    ///   - options: For the transfers.
    ///   - control: Where tasks run.
    ///   - isGone: Whether an object was let go of by its owner, or with it. Asked when it has come: whoever frees the copies of
    ///     what goes makes it true before he looks for them, and so finds a copy or has it freed here.
    init(
        into store: ObjectStore,
        quota: Int,
        _ options: BulkOptions,
        control: Lane,
        isGone: @escaping @Sendable (ObjectID, _ owner: ProcessID) -> Bool
    ) {
        self.store = store
        self.isGone = isGone
        fetcher = BulkFetcher(options: options)
        self.control = control
        state = Mutex(State(queue: PullQueue(PullQueue.Options(quota: quota))))
    }

    func stop() async { await fetcher.stop() }

    /// Brings an object here from one of these nodes; all who want it wait for one transfer.
    func pull(
        _ id: ObjectID,
        of owner: ProcessID,
        byteCount: Int,
        from sources: [ObjectPlace],
        priority: Priority,
        into place: @escaping Place
    ) async throws {
        let waiter = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                change { state in
                    state.waiters[waiter] = continuation
                    if state.incoming[id] == nil {
                        state.incoming[id] = Incoming(object: incoming(id, into: place), owner: owner)
                    }
                    defer { state.dropUnwanted(id) }
                    return state.queue.want(
                        id,
                        byteCount: byteCount,
                        from: sources,
                        priority: priority,
                        waiter: waiter
                    )
                }
                if Task.isCancelled { cancel(waiter, of: id) }
            }
        } onCancel: {
            cancel(waiter, of: id)
        }
    }

    private func cancel(_ waiter: UInt64, of id: ObjectID) {
        let continuation = state.withLock { $0.waiters.removeValue(forKey: waiter) }
        continuation?.resume(throwing: CancellationError())
        change { state in
            defer { state.dropUnwanted(id) }
            return state.queue.cancel(waiter, of: id)
        }
    }

    private func incoming(_ id: ObjectID, into place: @escaping Place) -> IncomingObject<Reservation> {
        IncomingObject(id) { [weak self] head throws(ClusterError) in
            try place(head) { self?.state.withLock { $0.incoming[id]?.isCancelled } == false }
        }
    }

    // MARK: Deciding and acting

    private func change(_ body: (inout State) -> [PullQueue<UInt64, ObjectPlace>.Action]) {
        for action in decide(body) { perform(action) }
    }

    /// Ends what is not wanted any more; all else of what was decided is left to be performed.
    private func decide(
        _ body: (inout State) -> [PullQueue<UInt64, ObjectPlace>.Action]
    ) -> [PullQueue<UInt64, ObjectPlace>.Action] {
        let (actions, cancelled) = state.withLock { state in
            let actions = body(&state)
            return (actions, state.note(actions))
        }
        for task in cancelled { task.cancel() }
        return actions
    }

    /// A transfer has ended, and tells the queue; then what it brought is kept, unless nobody wants it.
    private func ended(_ id: ObjectID, _ tell: (inout State) -> [PullQueue<UInt64, ObjectPlace>.Action]) {
        var arrived: Incoming?
        let actions = decide { state in
            let actions = tell(&state)
            // Else it goes on from another source, or anew for those who have come meanwhile.
            if !state.queue.contains(id) { arrived = state.incoming.removeValue(forKey: id) }
            return actions
        }
        if let arrived, isGone(id, arrived.owner) { _ = try? store.free(id) }
        for action in actions { perform(action) }
    }

    private func perform(_ action: PullQueue<UInt64, ObjectPlace>.Action) {
        switch action {
        case .start(let id, let source): start(id, source)
        case .cancel: break  // see `State.note`
        case .succeed(let id, let waiters): settle(id, waiters, .success(()))
        case .fail(let id, let waiters, let failures): settle(id, waiters, .failure(error(id, failures)))
        case .refuse(let id, let waiter):
            settle(
                id,
                [waiter],
                .failure(ClusterError(.overloaded, "too many wait for objects to be pulled"))
            )
        }
    }

    private func start(_ id: ObjectID, _ source: ObjectPlace) {
        state.withLock { state in
            guard let object = state.incoming[id]?.object else { return }
            // A task of its own, because many wait for it. It is cancelled when the last one leaves, which may have been just now.
            let task = Task.detached(executorPreference: control.tasks) { [self] in
                await transfer(object, from: source)
            }
            state.incoming[id]?.task = task
            if state.incoming[id]?.isCancelled == true { task.cancel() }
        }
    }

    private func transfer(_ object: IncomingObject<Reservation>, from source: ObjectPlace) async {
        let id = object.id
        do throws(TransferError) {
            try await fetcher.fetch(object, from: source.bulk)
            do {
                try object.destination?.seal()
            } catch {
                throw TransferError.noPlace(error)
            }
            ended(id) { $0.queue.succeeded(id) }
        } catch .notWanted {
            // It is here already.
            ended(id) { $0.queue.succeeded(id) }
        } catch {
            ended(id) { $0.queue.failed(id, error) }
        }
    }

    private func settle(_ id: ObjectID, _ waiters: [UInt64], _ result: Result<Void, any Error>) {
        let continuations = state.withLock { state in
            waiters.compactMap { state.waiters.removeValue(forKey: $0) }
        }
        for continuation in continuations { continuation.resume(with: result) }
    }

    private func error(
        _ id: ObjectID,
        _ failures: [PullQueue<UInt64, ObjectPlace>.Failure]
    ) -> ClusterError {
        for failure in failures { if case .noPlace(let error) = failure.error { return error } }
        let reasons = failures.map { "\($0.source.node): \($0.error)" }.joined(separator: "; ")
        return ClusterError(
            failures.contains { $0.error.isOfWay } ? .notConnected : .objectLost,
            "no node could give \(id)" + (reasons.isEmpty ? "" : ": \(reasons)")
        )
    }
}
