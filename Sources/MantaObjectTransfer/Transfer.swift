import Synchronization

/// One transfer, between the task that waits for it and the thread that does it.
///
/// waiting → running → ended, or waiting → ended when it is cancelled before a thread had time. The task is let go
/// exactly once.
final class Transfer: Sendable {
    typealias Outcome = Result<Void, TransferError>

    private struct State {
        /// Let go of before the task is: with it goes what is received into, if the task does not keep that.
        var work: (@Sendable (Transfer) -> Outcome)?
        var continuation: CheckedContinuation<Outcome, Never>?
        var isRunning = false
        var isCancelled = false
        /// What its thread waits in.
        var stream: (any BulkStream)?
    }

    private let state: Mutex<State>

    init(_ work: @escaping @Sendable (Transfer) -> Outcome) { state = Mutex(State(work: work)) }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// The task waits from now on. It may have been cancelled before.
    func begin(_ continuation: CheckedContinuation<Outcome, Never>) {
        let isOver = state.withLock { state in
            if !state.isCancelled { state.continuation = continuation }
            return state.isCancelled
        }
        if isOver { continuation.resume(returning: .failure(.cancelled)) }
    }

    /// Lets the task go at once, or, while a thread works for it, as soon as that has left the destination alone.
    func cancel() {
        let (given, stream) = state.withLock { state in
            state.isCancelled = true
            // The work is let go of outside the lock: what goes with it may take others.
            return state.isRunning
                ? (nil, state.stream) : ((state.work.take(), state.continuation.take()), nil)
        }
        stream?.close()
        guard let (work, continuation) = given else { return }
        _ = consume work
        continuation?.resume(returning: .failure(.cancelled))
    }

    // MARK: On the thread

    func run() {
        guard let outcome = work() else { return }
        let (continuation, isCancelled) = state.withLock { state in
            (state.continuation.take(), state.isCancelled)
        }
        switch outcome {
        case .success: continuation?.resume(returning: outcome)
        // Whatever the thread met when its connection was closed under it.
        case .failure: continuation?.resume(returning: isCancelled ? .failure(.cancelled) : outcome)
        }
    }

    /// `nil` when it was cancelled before.
    private func work() -> Outcome? {
        let work = state.withLock { state in
            state.isRunning = state.continuation != nil
            return state.isRunning ? state.work.take() : nil
        }
        return work?(self)
    }

    /// From now on cancelling closes `stream`. `false` when it has been cancelled.
    func attach(_ stream: any BulkStream) -> Bool {
        state.withLock { state in
            guard !state.isCancelled else { return false }
            state.stream = stream
            return true
        }
    }

    /// Cancelling does not close the connection any more. `false` when that has happened.
    func detach() -> Bool {
        state.withLock { state in
            state.stream = nil
            return !state.isCancelled
        }
    }
}
