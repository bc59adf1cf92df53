internal import Glibc
internal import MantaTransport
import Synchronization

/// Transfers that wait for a thread, first come, first served, and the threads that do them.
///
/// A thread is started when a transfer comes and none is free, up to the limit, and stays until `stop()`.
final class TransferLine: Sendable {
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
    private let state = Mutex(State())
    /// Posted once for each transfer, and once for each thread that is to end. A condition would have to be waited for with
    /// the state in hand, which the compiler takes for unchanged meanwhile.
    ///
    /// Unsafe: the memory is at a fixed place until `deinit`, and a semaphore is for many threads.
    nonisolated(unsafe) private let posted = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init(threadLimit: Int) {
        self.threadLimit = threadLimit
        sem_init(posted, 0, 0)
    }

    deinit {
        sem_destroy(posted)
        posted.deallocate()
    }

    /// `false` after `stop()`: nobody will do it.
    func add(_ transfer: Transfer) -> Bool {
        let (isTaken, isThreadNeeded) = state.withLock { state in
            guard !state.isStopped else { return (false, false) }
            state.waiting.append(transfer)
            let isEnough =
                state.freeThreadCount >= state.waiting.count - state.next || state.threadCount >= threadLimit
            if !isEnough { state.threadCount += 1 }
            return (true, !isEnough)
        }
        guard isTaken else { return false }
        sem_post(posted)
        if isThreadNeeded { startThread(named: "manta-bulk-in") { self.work() } }
        return true
    }

    /// Cancels what waits and what is under way, and waits until no thread is left.
    func stop() async {
        let (transfers, threadCount) = state.withLock { state in
            state.isStopped = true
            defer { (state.waiting, state.next) = ([], 0) }
            return (state.waiting[state.next...] + state.running.values, state.threadCount)
        }
        for _ in 0..<threadCount { sem_post(posted) }
        for transfer in transfers { transfer.cancel() }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.threadCount > 0 { state.stopping.append(continuation) }
                return state.threadCount == 0
            }
            if isOver { continuation.resume() }
        }
    }

    private func work() {
        while let transfer = take() {
            transfer.run()
            state.withLock { _ = $0.running.removeValue(forKey: ObjectIdentifier(transfer)) }
        }
        let stopping = state.withLock { state in
            state.threadCount -= 1
            guard state.threadCount == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.stopping = [] }
            return state.stopping
        }
        for continuation in stopping { continuation.resume() }
    }

    /// Waits for the next transfer; `nil` after `stop()`.
    private func take() -> Transfer? {
        state.withLock { $0.freeThreadCount += 1 }
        while sem_wait(posted) != 0, errno == EINTR {}
        return state.withLock { state in
            state.freeThreadCount -= 1
            guard !state.isStopped, state.next < state.waiting.count else { return nil }
            let transfer = state.waiting[state.next]
            state.next += 1
            if state.next == state.waiting.count { (state.waiting, state.next) = ([], 0) }
            state.running[ObjectIdentifier(transfer)] = transfer
            return transfer
        }
    }
}
