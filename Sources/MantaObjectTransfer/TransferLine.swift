internal import Glibc
internal import MantaTransport

/// Transfers that wait for a thread, first come, first served, and the threads that do them.
///
/// A thread is started when a transfer comes and none is free, up to the limit, and stays until `stop()`.
// The state is read and written with `mutex` held, and `mutex` and `changed` are at a fixed place until `deinit`.
final class TransferLine: @unchecked Sendable {
    private struct State {
        var waiting: [Transfer] = []
        /// The first of `waiting` that no thread has taken.
        var next = 0
        var running: [ObjectIdentifier: Transfer] = [:]
        var threadCount = 0
        var freeThreadCount = 0
        var isStopped = false
        var stopping: [CheckedContinuation<Void, Never>] = []
    }

    private let threadLimit: Int
    private var state = State()
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init(threadLimit: Int) {
        self.threadLimit = threadLimit
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    /// `false` after `stop()`: nobody will do it.
    func add(_ transfer: Transfer) -> Bool {
        let (isTaken, isThreadNeeded) = locked { state in
            guard !state.isStopped else { return (false, false) }
            state.waiting.append(transfer)
            if state.freeThreadCount >= state.waiting.count - state.next || state.threadCount == threadLimit {
                pthread_cond_signal(changed)
                return (true, false)
            }
            state.threadCount += 1
            return (true, true)
        }
        if isThreadNeeded { startThread(named: "manta-bulk-in") { self.work() } }
        return isTaken
    }

    /// Cancels what waits and what is under way, and waits until no thread is left.
    func stop() async {
        let transfers = locked { state in
            state.isStopped = true
            defer { (state.waiting, state.next) = ([], 0) }
            pthread_cond_broadcast(changed)
            return state.waiting[state.next...] + state.running.values
        }
        for transfer in transfers { transfer.cancel() }
        await withCheckedContinuation { continuation in
            let isOver = locked { state in
                if state.threadCount > 0 { state.stopping.append(continuation) }
                return state.threadCount == 0
            }
            if isOver { continuation.resume() }
        }
    }

    private func work() {
        while let transfer = take() {
            transfer.run()
            locked { $0.running[ObjectIdentifier(transfer)] = nil }
        }
        let stopping = locked { state in
            state.threadCount -= 1
            guard state.threadCount == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.stopping = [] }
            return state.stopping
        }
        for continuation in stopping { continuation.resume() }
    }

    /// Waits for the next transfer; `nil` after `stop()`.
    private func take() -> Transfer? {
        locked { state in
            state.freeThreadCount += 1
            defer { state.freeThreadCount -= 1 }
            while state.next == state.waiting.count && !state.isStopped { pthread_cond_wait(changed, mutex) }
            guard !state.isStopped else { return nil }
            let transfer = state.waiting[state.next]
            state.next += 1
            if state.next == state.waiting.count { (state.waiting, state.next) = ([], 0) }
            state.running[ObjectIdentifier(transfer)] = transfer
            return transfer
        }
    }

    private func locked<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state)
    }
}
